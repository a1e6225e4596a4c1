import type { EventEmitter } from 'node:events';
import { attempt } from '../primitives/attempt.ts';
import { Acceptor } from './acceptor.ts';
import type { AcceptLoopStats } from '../reports.ts';
import { makeDisposable } from '../primitives/dispose-key.ts';
import { LanguageIterator } from '../primitives/language-iterator.ts';
import type { KnownServer } from '../protocols/known-server.ts';
import { Tickets } from './tickets.ts';
import { Waiting } from './waiting.ts';

interface LoopOptions {
  readonly signal: AbortSignal | undefined;
  readonly maxQueued: number;
}

/** The loop behind `acceptLoop`: hands out the queue of an acceptor to the consumers that ask. */
export class Loop<Connection> extends LanguageIterator<Connection> {
  declare readonly [Symbol.asyncDispose]: () => Promise<void>;
  readonly #acceptor: Acceptor<Waiting<Connection>>;
  readonly #tickets: Tickets<Waiting<Connection>>;
  readonly #give: (waiting: Waiting<Connection>) => IteratorYieldResult<Connection>;
  /**
   * How many consumers may be at work: the most that have waited at once, or the number of
   * `for await` loops, if that is more.
   */
  #mostConsumers = 0;
  /** How many `for await` loops and the like have begun. */
  #iterations = 0;
  /** How often a consumer was told of the end. */
  #told = 0;
  readonly #conclude = (): IteratorReturnResult<undefined> => {
    // A consumer that asks is done with its previous connection.
    this.#told += 1;
    if (this.#told >= this.#mostConsumers) this.#acceptor.closeLast();
    const { failure } = this.#acceptor;
    if (failure === undefined) return { done: true, value: undefined };
    // Only one consumer gets the error.
    this.#acceptor.failure = undefined;
    throw failure.error;
  };

  constructor(server: EventEmitter, known: KnownServer, { signal, maxQueued }: LoopOptions) {
    super();
    this.#acceptor = new Acceptor(server, known, maxQueued, {
      arrive: (connection) => new Waiting(connection as Connection),
      consumers: () => this.#tickets.consumers,
      onArrival: () => this.#tickets.issue(),
      onOver: () => this.#onOver(),
    });
    const { resumeLater } = known.connections;
    this.#give = ({ connection }) => {
      if (resumeLater) attempt(() => resumeLater(connection));
      return { done: false, value: connection };
    };
    makeDisposable(this, 'asyncDispose', async () => void (await this.return()));
    this.#tickets = new Tickets(this.#acceptor.queue, () => this.#acceptor.isHoldingBack);
    this.#acceptor.follow(signal);
  }

  get stats(): AcceptLoopStats {
    return this.#acceptor.queue.stats;
  }

  override next(): Promise<IteratorResult<Connection, undefined>> {
    const next = this.#tickets.next(this.#give, this.#conclude);
    this.#mostConsumers = Math.max(this.#mostConsumers, this.#tickets.consumers);
    return next;
  }

  override async return(): Promise<IteratorReturnResult<undefined>> {
    this.#acceptor.leave();
    this.#acceptor.failure = undefined;
    return { done: true, value: undefined };
  }

  override async throw(error?: unknown): Promise<IteratorReturnResult<undefined>> {
    await this.return();
    throw error;
  }

  override [Symbol.asyncIterator](): this {
    this.#iterations += 1;
    this.#mostConsumers = Math.max(this.#mostConsumers, this.#iterations);
    return this;
  }

  /** Wakes every consumer. */
  #onOver(): void {
    this.#tickets.end();
    const { yielded, queued } = this.stats;
    // No consumer is at work, and perhaps none will ask.
    if (yielded + queued === 0) this.#acceptor.closeLast();
    this.#acceptor.diagnostics.end(() => this.stats);
  }
}
