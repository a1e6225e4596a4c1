import { setMaxListeners } from 'node:events';
import type { ConnectionKind } from './connection-kind.ts';
import { Origin } from './straggler.ts';
import type { Cancel, Closable, TaskKind } from './task-kind.ts';
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

/** One connection, from its accept to the end of its handler. */
export class ConnectionTask<Connection> {
  readonly connection: Connection;
  readonly origin: Origin;
  #closable: Closable | undefined;
  readonly #scope: TaskScope<Connection>;
  #signal: AbortController | undefined;
  #draining: AbortController | undefined;
  #stopWatching: Cancel | undefined;
  #isOver = false;
  /** Why its work has lost its point. */
  #lost: { readonly reason: unknown } | undefined;

  constructor(connection: Connection, scope: TaskScope<Connection>) {
    this.connection = connection;
    this.#scope = scope;
    this.origin = new Origin(scope.kind.socketOf(connection));
  }

  get closable(): Closable {
    this.#closable ??= this.#scope.kind.closable(this.connection);
    return this.#closable;
  }

  get signal(): AbortSignal {
    if (this.#signal !== undefined) return this.#signal.signal;
    this.#signal = quietController();
    if (this.#lost) {
      this.#signal.abort(this.#lost.reason);
    } else if (!this.#isOver) {
      const { kind } = this.#scope;
      this.#stopWatching = kind.onDeparture(this.connection, (reason) => this.lose(reason));
    }
    return this.#signal.signal;
  }

  get draining(): AbortSignal {
    if (this.#draining !== undefined) return this.#draining.signal;
    this.#draining = quietController();
    const { draining } = this.#scope;
    if (draining) this.#draining.abort(draining.reason);
    return this.#draining.signal;
  }

  /** The shutdown has begun: the scope says why. */
  drain(): void {
    this.#draining?.abort(this.#scope.draining?.reason);
  }

  /** Its work has lost its point. */
  lose(reason: unknown): void {
    if (this.#lost || this.#isOver) return;
    this.#lost = { reason };
    this.#signal?.abort(reason);
  }

  /** The handler has ended. */
  settle(): void {
    this.#isOver = true;
    this.#stopWatching?.();
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

  #isKnown({ code, name, cause }: NodeJS.ErrnoException, error: unknown): boolean {
    const { kind, connections, draining } = this.#scope;
    if (closedCodes.has(code) && connections.isGone(this.connection)) return true;
    const known = new Set<unknown>(kind.errors(this.connection).filter(isTransportError));
    if (this.#lost) known.add(this.#lost.reason);
    if (draining) known.add(draining.reason);
    for (const nothing of [null, undefined]) known.delete(nothing);
    if (known.has(error)) return true;
    // Most of what takes a signal rejects with an error of its own; not every runtime says why.
    const isAborted = this.#lost !== undefined || draining !== undefined;
    return isAborted && name === 'AbortError' && (cause === undefined || known.has(cause));
  }
}

/** A handler may pass its signal to many: Node 20 warns at the eleventh. */
function quietController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
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
