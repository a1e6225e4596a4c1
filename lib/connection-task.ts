import type { ConnectionKind } from './connection-kind.ts';
import type { Closable, TaskKind } from './task-kind.ts';
import { TaskSignals } from './task-signals.ts';
import type { Linked } from './linked-list.ts';
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
  readonly kind: TaskKind<Connection>;
  readonly connections: ConnectionKind<Connection>;
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

/**
 * One connection, from its accept to the end of its handler. There are as many as there are open
 * connections: each has what all of them need, and its signals if they are read.
 */
export class ConnectionTask<Connection> implements Linked<ConnectionTask<Connection>> {
  readonly connection: Connection;
  /** When it was accepted, of `performance.now()`: whole milliseconds, which take no object. */
  readonly since: number;
  previous: ConnectionTask<Connection> | undefined;
  next: ConnectionTask<Connection> | undefined;
  readonly #scope: TaskScope<Connection>;
  /** From the handler's call to its end. */
  #owner: TaskOwner<Connection> | undefined;
  #closable: Closable | undefined;
  #madeSignals: TaskSignals<Connection> | undefined;

  constructor(connection: Connection, scope: TaskScope<Connection>) {
    this.connection = connection;
    this.#scope = scope;
    this.since = Math.trunc(performance.now());
  }

  get closable(): Closable {
    this.#closable ??= this.#scope.kind.closable(this.connection);
    return this.#closable;
  }

  get signal(): AbortSignal {
    return this.#signals.signal(this.#owner !== undefined);
  }

  get draining(): AbortSignal {
    return this.#signals.draining;
  }

  get #signals(): TaskSignals<Connection> {
    this.#madeSignals ??= new TaskSignals(this.connection, this.#scope);
    return this.#madeSignals;
  }

  /** Its handler is called. */
  begin(owner: TaskOwner<Connection>): void {
    this.#owner = owner;
  }

  /** Its handler has given a promise. */
  follow(result: Promise<unknown>): void {
    // Bound functions take half of what closures do, as long as the connection is open.
    result.then(this.#resolve.bind(this), this.#reject.bind(this));
  }

  /** The shutdown has begun: the scope says why. */
  drain(): void {
    this.#madeSignals?.drain();
  }

  /** Its work has lost its point. */
  lose(reason: unknown): void {
    if (this.#owner) this.#signals.lose(reason);
  }

  /** The handler has ended. */
  settle(): void {
    this.#owner = undefined;
    this.#madeSignals?.stopWatching();
  }

  /**
   * Whether a handler's error only says what is known: that the connection has failed or closed, or
   * that one of its signals has aborted.
   */
  isExpected(error: unknown): boolean {
    try {
      return this.#isKnown(Object(error) as NodeJS.ErrnoException, error);
    } catch {
      // Anything may be thrown, a revoked proxy too.
      return false;
    }
  }

  #resolve(): void {
    this.#owner?.onResolved(this);
  }

  #reject(error: unknown): void {
    this.#owner?.onRejected(this, error);
  }

  #isKnown({ code, name, cause }: NodeJS.ErrnoException, error: unknown): boolean {
    const { kind, connections, draining } = this.#scope;
    if (closedCodes.has(code) && connections.isGone(this.connection)) return true;
    const known = new Set<unknown>(kind.errors(this.connection).filter(isTransportError));
    const lost = this.#madeSignals?.lost;
    if (lost) known.add(lost.reason);
    if (draining) known.add(draining.reason);
    for (const nothing of [null, undefined]) known.delete(nothing);
    if (known.has(error)) return true;
    // Most of what takes a signal rejects with an error of its own; not every runtime says why.
    const isAborted = lost !== undefined || draining !== undefined;
    return isAborted && name === 'AbortError' && (cause === undefined || known.has(cause));
  }
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
