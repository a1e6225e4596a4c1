import type { Closable } from '../protocols/protocol.ts';
import { AsyncResource } from 'node:async_hooks';
import type { Socket } from 'node:net';
import { attempt } from '../primitives/attempt.ts';
import { now } from '../primitives/clock.ts';
import { isExpected } from './own-errors.ts';
import type { TaskScope } from './task-scope.ts';
import { TaskSignals } from './task-signals.ts';
import type { Arrival, HeldList, Holder } from '../accepting/queue.ts';
import { isTransportError } from './transport-error.ts';

/** A deadline that is over: the connection was cut off. */
export const CUT: number = -1;

/** No code waits for the destruction of a task. To report that would cost an object for each. */
const resourceOptions = { requireManualDestroy: true };

/**
 * One connection, from its accept until it has closed: queued, running, flushing, lingering. The
 * list that holds the task tells which.
 *
 * A server may have 100 000 tasks, so a task is kept small. It has only the fields that every
 * connection needs. Its signals are created when they are read. It has no private method, which
 * would take one more word of memory in every task.
 *
 * A task is also an async context: the context of the event that has brought the connection. Its
 * handler, `onError` and the listeners of its signals run in it. A context that they enter does not
 * reach other tasks.
 */
export class Task<Connection> extends AsyncResource implements Arrival<Task<Connection>> {
  readonly connection: Connection;
  /** When it was accepted, as a time of `now()`. */
  readonly since: number;
  list: HeldList<Task<Connection>> | undefined;
  previous: Task<Connection> | undefined;
  next: Task<Connection> | undefined;
  /**
   * What ends the handler, from its call to its end. In callback style this is `'orderly close'`: if
   * the connection fails, the task has failed.
   */
  awaits: 'nothing' | 'promise' | 'close' | 'orderly close' = 'nothing';
  /**
   * The time of `now()` at which the bytes that were written must have left, or the peer must have
   * ended its side. 0: not set. `CUT`: its response had ended, and had not left by then.
   */
  deadline = 0;
  readonly scope: TaskScope<Connection>;
  #life: 'unwatched' | 'watched' | 'closed' = 'unwatched';
  #closable: Closable | undefined;
  #signals: TaskSignals<Connection> | undefined;

  constructor(connection: Connection, scope: TaskScope<Connection>) {
    super('accept-loop', resourceOptions);
    this.connection = connection;
    this.scope = scope;
    this.since = now();
  }

  get closable(): Closable {
    this.#closable ??= this.scope.protocol.closable(this.connection);
    return this.#closable;
  }

  get signal(): AbortSignal {
    this.#signals ??= new TaskSignals(this);
    return this.#signals.signal;
  }

  get draining(): AbortSignal {
    this.#signals ??= new TaskSignals(this);
    return this.#signals.draining;
  }

  /** Whether its handler was called and has not ended. */
  get isRunning(): boolean {
    return this.awaits !== 'nothing';
  }

  /** What is told when the connection has closed: while the handler runs, the runner. */
  get holder(): Holder<Task<Connection>> | undefined {
    return this.isRunning ? this.scope.owner : this.list?.holder;
  }

  /**
   * Tells the holder once the connection has closed. The connection has a single listener for all
   * holders.
   */
  watch(): void {
    if (this.#life === 'watched') return;
    if (this.#life === 'closed' && this.closable.isClosed()) return this.holder?.onClosed(this);
    // Set first: the connection may close within the call. If `#life` was 'closed' until now, other
    // code has emitted 'close' too early, and the connection is watched again.
    this.#life = 'watched';
    try {
      const { protocol } = this.scope;
      if (protocol.onClose) protocol.onClose(this.connection, onClosed.bind(this));
      else this.closable.onClose(onClosed.bind(this));
    } catch (error) {
      this.#life = 'unwatched';
      throw error;
    }
  }

  /** Nothing to do: the list that had it is no longer told. */
  unwatch(): void {}

  /** Whether the handler has read `signal`, so that code may wait for its abort. */
  get isFollowed(): boolean {
    return this.#signals?.isFollowing === true;
  }

  /** Call it when the connection has closed, by its event or as a look has found. */
  noteClosed(): void {
    if (this.#life === 'closed') return;
    this.#life = 'closed';
    this.holder?.onClosed(this);
  }

  /** Call it with the promise that the handler has returned. */
  follow(result: Promise<unknown>): void {
    // Bound functions take half the memory of closures, for as long as the connection is open.
    result.then(resolve.bind(this), reject.bind(this));
  }

  /** Callback style: the handler ends with its connection. */
  awaitClose(): void {
    this.awaits = 'orderly close';
    this.scope.protocol.onFinish?.(this.connection, finish.bind(this));
    this.watch();
  }

  /** Call it when the shutdown has begun, after the scope was given the reason. */
  drain(): void {
    this.#signals?.drain();
  }

  /** Call it when nobody needs the result of the handler any more: aborts `signal`. */
  lose(reason: unknown): void {
    if (!this.isRunning) return;
    this.#signals ??= new TaskSignals(this);
    this.#signals.lose(reason);
  }

  /** Call it when the handler has ended. */
  settle(): void {
    this.awaits = 'nothing';
    this.#signals?.settle();
  }

  /** Whether the connection was ended because it had been silent for `quiet`. */
  get wasSilent(): boolean {
    return this.scope.quiet?.hasEnded(this.connection as Socket) === true;
  }

  /** Call it when the connection has closed. The handler may not have ended. */
  depart(): void {
    this.#signals?.depart();
  }

  /**
   * Whether a handler's error adds nothing to what is known: the connection has failed or closed,
   * or one of its signals has aborted.
   */
  isExpected(error: unknown): boolean {
    const { protocol, draining } = this.scope;
    const { connection } = this;
    const lost = this.#signals?.lost;
    const ofConnection = attempt(() => protocol.errors(connection)) ?? [];
    const errors = ofConnection.filter(isTransportError);
    if (lost) errors.push(lost.reason);
    if (draining) errors.push(draining.reason);
    const wereSignalsHeard = this.#signals?.wereHeard === true;
    return isExpected(error, {
      errors,
      isGone: () => protocol.isGone(connection),
      wereSignalsHeard,
    });
  }
}

function onClosed(this: Task<unknown>): void {
  this.noteClosed();
}

function resolve(this: Task<unknown>): void {
  if (this.isRunning) this.scope.owner?.onResolved(this);
}

function reject(this: Task<unknown>, error: unknown): void {
  if (this.isRunning) this.scope.owner?.onRejected(this, error);
}

function finish(this: Task<unknown>): void {
  this.scope.owner?.onFinished(this);
}
