import type { Closable, Protocol } from './protocol.ts';
import { AsyncResource } from 'node:async_hooks';
import { type OnStraggler, stragglerOf } from './straggler.ts';
import { TaskSignals } from './task-signals.ts';
import type { Arrival } from './connection-queue.ts';
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

/** What Node tells who goes on using a stream that has closed under it. */
const closedCodes: ReadonlySet<unknown> = new Set([
  // Bun, of a write that was under way.
  'ECANCELED',
  'EPIPE',
  'ERR_STREAM_ALREADY_FINISHED',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_UNABLE_TO_PIPE',
  'ERR_STREAM_WRITE_AFTER_END',
]);

/** Whom a task tells what the promise of its handler has become. */
export interface TaskOwner<Connection> {
  onResolved(task: ConnectionTask<Connection>): void;
  onRejected(task: ConnectionTask<Connection>, error: unknown): void;
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
export class ConnectionTask<Connection>
  extends AsyncResource
  implements Arrival<ConnectionTask<Connection>>
{
  readonly connection: Connection;
  /** When it was accepted, of `performance.now()`: whole milliseconds, which take no object. */
  readonly since: number;
  previous: ConnectionTask<Connection> | undefined;
  next: ConnectionTask<Connection> | undefined;
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
    try {
      return isKnown(error, this.connection, this.#scope, this.#signals?.lost);
    } catch {
      // Anything may be thrown, a revoked proxy too.
      return false;
    }
  }
}

function resolve(this: ConnectionTask<unknown>): void {
  this.owner?.onResolved(this);
}

function reject(this: ConnectionTask<unknown>, error: unknown): void {
  this.owner?.onRejected(this, error);
}

/** @param lost - Why the work has lost its point, if it has. */
function isKnown<Connection>(
  error: unknown,
  connection: Connection,
  { protocol, draining }: TaskScope<Connection>,
  lost: TaskSignals<Connection>['lost'],
): boolean {
  const { code, name, cause } = Object(error) as NodeJS.ErrnoException;
  if (closedCodes.has(code) && protocol.isGone(connection)) return true;
  const known = new Set<unknown>(protocol.errors(connection).filter(isTransportError));
  if (lost) known.add(lost.reason);
  if (draining) known.add(draining.reason);
  for (const nothing of [null, undefined]) known.delete(nothing);
  if (known.has(error)) return true;
  // Most of what takes a signal rejects with an error of its own; not every runtime says why.
  const isAborted = lost !== undefined || draining !== undefined;
  return isAborted && name === 'AbortError' && (cause === undefined || known.has(cause));
}

/** A task as its handler sees it. */
export class TaskContext implements ServeContext {
  readonly #task: ConnectionTask<unknown>;

  constructor(task: ConnectionTask<unknown>) {
    this.#task = task;
  }

  get signal(): AbortSignal {
    return this.#task.signal;
  }

  get draining(): AbortSignal {
    return this.#task.draining;
  }
}
