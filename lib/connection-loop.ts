import type { EventEmitter } from 'node:events';
import { type AcceptLoopStats, ConnectionQueue } from './connection-queue.ts';
import { Diagnostics } from './diagnostics.ts';
import { LAST_CALL_MS, LastCall } from './last-call.ts';
import { refuseLatecomers } from './latecomers.ts';
import { Listener } from './listener.ts';
import { onAbort } from './on-abort.ts';
import type { LoopHost, LoopOptions } from './loop-host.ts';
import type { ServerKind } from './server-kind.ts';
import { Tickets } from './tickets.ts';
import { UnderWay } from './under-way.ts';

const live = new WeakSet<object>();
const done = { done: true, value: undefined } as const;
const nothing = (): void => {};

/**
 * The loop behind `acceptLoop`.
 *
 * - `open`: the listener accepts.
 * - `last call`: aborted; it still accepts, until the kernel's queue is empty.
 * - `closed`: the listener is closed; handshakes and first requests under way may still become
 *   connections.
 * - `over`: nothing comes any more. What is queued is still handed out.
 */
export class ConnectionLoop<Connection> {
  readonly #server: EventEmitter;
  readonly #kind: ServerKind;
  readonly #queue: ConnectionQueue<Connection>;
  readonly #tickets: Tickets<Connection>;
  readonly #diagnostics: Diagnostics<Connection>;
  readonly #underWay: UnderWay;
  readonly #listener: Listener;
  readonly #host: LoopHost | undefined;
  #stopListeningToSignal = nothing;
  #stopWaiting = nothing;
  #state: 'open' | 'last call' | 'closed' | 'over' = 'open';
  #failure: { readonly error: Error } | undefined;

  constructor(server: EventEmitter, kind: ServerKind, { signal, maxQueued, host }: LoopOptions) {
    if (live.has(server)) {
      throw new Error('Cannot accept connections: the server has a live accept loop');
    }
    live.add(server);
    this.#server = server;
    this.#kind = kind;
    this.#host = host;
    this.#queue = new ConnectionQueue<Connection>(kind.connections, maxQueued);
    this.#tickets = new Tickets(this.#queue, {
      subscribe: () => this.#subscribe(),
      isHeldBack: () => this.#isHoldingBack,
      conclude: () => this.#conclude(),
    });
    this.#diagnostics = new Diagnostics(server, kind.connections.subject);
    this.#underWay = new UnderWay(server, kind, host);
    const onClosed = (): void => this.#onClosed();
    this.#listener = new Listener(server, kind, (error) => this.#onError(error), onClosed);
    if (signal?.aborted) this.leave();
    else if (signal) {
      this.#stopListeningToSignal = onAbort(signal, () => this.beginLastCall(signal.reason));
    }
  }

  get stats(): AcceptLoopStats {
    return this.#queue.stats;
  }

  next(): Promise<IteratorResult<Connection, undefined>> {
    return this.#tickets.next();
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.leave();
    this.#failure = undefined;
    return done;
  }

  async throw(error?: unknown): Promise<IteratorReturnResult<undefined>> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** Goes on accepting until nobody waits in the kernel's queue, and closes the listener. */
  beginLastCall(reason: unknown): void {
    if (this.#state !== 'open') return;
    this.#state = 'last call';
    const { connections, endsIdle } = this.#kind;
    const arrivals = new Set(['connection', 'secureConnection', connections.event]);
    const close = (deadline: number): void => {
      this.#listener.close(this.#underWay.sessions);
      this.#awaitUnderWay(deadline);
    };
    const delay = endsIdle ? this.#host?.idle : 0;
    const onPause = (): void => this.#tickets.issue();
    const lastCall = new LastCall(this.#server, arrivals, close, { delay, onPause });
    this.#stopWaiting = (): void => lastCall.cancel();
    this.#announceEnding(reason);
  }

  /**
   * Closes the listener at once. Nobody will serve what waits, or what comes.
   *
   * @param onDone - Called when the last of what was under way is ended, perhaps at once.
   */
  leave(onDone: () => void = nothing): void {
    const isOpen = this.#state === 'open' || this.#state === 'last call';
    if (isOpen) this.#listener.close(this.#underWay.sessions);
    this.#queue.discardAll();
    this.#end(onDone);
  }

  /** One of the consumers is told of the failure. */
  #conclude(): IteratorResult<Connection, undefined> {
    const failure = this.#failure;
    if (failure === undefined) return done;
    this.#failure = undefined;
    throw failure.error;
  }

  #subscribe(): () => void {
    const { event, accept } = this.#kind.connections;
    const listener = (...args: unknown[]): void => {
      const connection: Connection = accept(...args);
      this.#diagnostics.accept(connection);
      // Left during this very emit, by a listener before this one.
      if (this.#state === 'over') return this.#queue.discard(connection);
      if (!this.#queue.add(connection, !this.#isHoldingBack)) this.#diagnostics.shed(connection);
      if (!this.#isHoldingBack) this.#tickets.issue();
    };
    this.#server.on(event, listener);
    return () => this.#server.off(event, listener);
  }

  /** Handlers run between two accepts, and would take the time of those who still wait there. */
  get #isHoldingBack(): boolean {
    const { connections, endsIdle } = this.#kind;
    if (this.#state !== 'last call' || endsIdle || connections.mustBeTakenAtOnce) return false;
    return !this.#queue.isHalfFull;
  }

  /** The listener is closed, and not by us. */
  #onClosed(reason: unknown = new DOMException('The server was closed', 'AbortError')): void {
    if (this.#state === 'closed' || this.#state === 'over') return;
    this.#stopWaiting();
    if (this.#state === 'open') this.#announceEnding(reason);
    this.#awaitUnderWay(performance.now() + LAST_CALL_MS);
  }

  #onError(error: Error): void {
    this.#diagnostics.serverError(error);
    // One connection could not be accepted: the listener goes on.
    if ('syscall' in error && error.syscall === 'accept') return;
    this.#failure ??= { error };
    if (this.#kind.isListening() !== false) this.#listener.close();
    // A host has still to serve what is under way.
    if (this.#host) this.#onClosed(error);
    else this.#end();
  }

  #announceEnding(reason: unknown): void {
    this.#underWay.begin();
    this.#diagnostics.drain(reason);
    this.#host?.onEnding(reason);
  }

  /** The listener is closed. Waits for what was accepted and has not become a connection yet. */
  #awaitUnderWay(deadline: number): void {
    if (this.#state === 'over') return;
    this.#state = 'closed';
    this.#stopWaiting = nothing;
    this.#tickets.issue();
    this.#underWay.wait(deadline, () => this.#end());
  }

  #end(onDone: () => void = nothing): void {
    if (this.#state === 'over') return onDone();
    this.#state = 'over';
    this.#stopWaiting();
    this.#stopListeningToSignal();
    this.#host?.onOver();
    this.#listener.leave();
    this.#underWay.end(onDone);
    // Of the others nothing comes without a listener.
    if (this.#underWay.hasLatecomers && this.#listener.isServerOpen) {
      refuseLatecomers(this.#server, this.#kind.connections);
    }
    live.delete(this.#server);
    // Takes the listener off the server, and wakes every consumer.
    this.#tickets.end();
    if (!this.#host) this.#diagnostics.end(() => this.stats);
  }
}
