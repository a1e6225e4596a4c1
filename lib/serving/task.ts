import type { Closable, Protocol } from '../protocols/protocol.ts';
import { AsyncResource } from 'node:async_hooks';
import { attempt } from '../primitives/attempt.ts';
import { isExpected } from './own-errors.ts';
import { type OnStraggler, stragglerOf } from '../shutdown/stragglers.ts';
import { TaskSignals } from './task-signals.ts';
import type { Arrival } from '../accepting/queue.ts';
import { isTransportError } from './transport-error.ts';

/** What a handler is given beside its connection. Each signal is made when it is first read. */
export interface ServeContext {
  /**
   * Aborts when the work has lost its point: the connection closed before the handler had ended it
   * (reason: its error, or an `Error` that says so), or grace is over (a `TimeoutError`).
   */
  readonly signal: AbortSignal;
  /**
   * Aborts when the shutdown begins, with its reason: finish what you are doing, say goodbye. For a
   * connection that is handed out later it has aborted from the start.
   */
  readonly draining: AbortSignal;
}

/** What all tasks of one `serve` share. */
export interface TaskScope<Connection> {
  readonly protocol: Protocol<Connection>;
  /** Set when the shutdown begins. */
  draining: { readonly reason: unknown } | undefined;
}

/** Whom a task tells what the promise of its handler has become. */
export interface TaskOwner<Connection> {
  onResolved(task: Task<Connection>): void;
  onRejected(task: Task<Connection>, error: unknown): void;
}

/** Nothing waits for its destruction: it would be one more object for the collector to tell of. */
const resourceOptions = { requireManualDestroy: true };

/**
 * One connection, from its accept to the end of its handler. There are as many as there are open
 * connections: each has what all of them need, and its signals if they are read. A private method
 * would be one more word of each.
 *
 * It is an async context, too: that of the event that has brought the connection. Its handler,
 * `onError` and the listeners of its signals run in it, and what they enter stays with it.
 */
export class Task<Connection> extends AsyncResource implements Arrival<Task<Connection>> {
  readonly connection: Connection;
  /** When it was accepted, of `performance.now()`: whole milliseconds, which take no object. */
  readonly since: number;
  previous: Task<Connection> | undefined;
  next: Task<Connection> | undefined;
  onClose: (() => void) | undefined;
  /** When its response was found to have ended, of `performance.now()`; `cut` after `flush`. */
  endedAt: number | 'cut' | undefined;
  /** Called when the connection has closed, for which the task waits now. */
  onClosed: (() => void) | undefined;
  /** From the handler's call to its end. */
  owner: TaskOwner<Connection> | undefined;
  readonly #scope: TaskScope<Connection>;
  #closable: Closable | undefined;
  #signals: TaskSignals<Connection> | undefined;

  constructor(connection: Connection, scope: TaskScope<Connection>) {
    super('accept-loop', resourceOptions);
    this.connection = connection;
    this.#scope = scope;
    this.since = Math.trunc(performance.now());
  }

  get closable(): Closable {
    this.#closable ??= this.#scope.protocol.closable(this.connection);
    return this.#closable;
  }

  get signal(): AbortSignal {
    this.#signals ??= new TaskSignals(this, this.#scope);
    return this.#signals.signal(this.owner !== undefined);
  }

  get draining(): AbortSignal {
    this.#signals ??= new TaskSignals(this, this.#scope);
    return this.#signals.draining;
  }

  /** Its handler has given a promise. */
  follow(result: Promise<unknown>): void {
    // Bound functions take half of what closures do, as long as the connection is open.
    result.then(resolve.bind(this), reject.bind(this));
  }

  /** Tells of it as one that is to be ended by force, by the socket or session that carries it. */
  list(onStraggler: OnStraggler): void {
    const { protocol } = this.#scope;
    const carrier = protocol.carrierOf?.(this.connection) ?? (this.connection as object);
    const socket = protocol.socketOf(this.connection);
    onStraggler(stragglerOf(protocol.straggler, socket, this.since), carrier);
  }

  /** The shutdown has begun: the scope says why. */
  drain(): void {
    this.#signals?.drain();
  }

  /** Its work has lost its point. */
  lose(reason: unknown): void {
    if (this.owner === undefined) return;
    this.#signals ??= new TaskSignals(this, this.#scope);
    this.#signals.lose(reason);
  }

  /** The handler has ended. */
  settle(): void {
    this.owner = undefined;
    this.#signals?.stopWatching();
  }

  /**
   * Whether a handler's error only says what is known: that the connection has failed or closed, or
   * that one of its signals has aborted.
   */
  isExpected(error: unknown): boolean {
    const { protocol, draining } = this.#scope;
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

function resolve(this: Task<unknown>): void {
  this.owner?.onResolved(this);
}

function reject(this: Task<unknown>, error: unknown): void {
  this.owner?.onRejected(this, error);
}

/** A task as its handler sees it. */
export class TaskContext implements ServeContext {
  readonly #task: Task<unknown>;

  constructor(task: Task<unknown>) {
    this.#task = task;
  }

  get signal(): AbortSignal {
    return this.#task.signal;
  }

  get draining(): AbortSignal {
    return this.#task.draining;
  }
}
