import { attempt } from '../primitives/attempt.ts';
import { type Task, TaskContext, type TaskOwner, type TaskScope } from './task.ts';
import type { Diagnostics } from '../diagnostics.ts';
import { type End, inSlices } from '../shutdown/in-slices.ts';
import { LinkedList } from '../primitives/linked-list.ts';
import { Lingering, type LingeringTimes } from './lingering.ts';
import { warn } from '../primitives/warn.ts';

const nothing = (): void => {};

/** What is called with each connection. */
export type Handler<Connection> = (connection: Connection, context: TaskContext) => unknown;

export interface RunnerOptions<Connection> extends LingeringTimes {
  readonly onError: ((error: unknown, connection: Connection) => unknown) | undefined;
}

/**
 * Runs the handlers of one `serve`: a task for each connection, its errors apart from all others,
 * and the connection closed when it is over.
 */
export class Tasks<Connection> implements TaskOwner<Connection> {
  /** What has become of the tasks so far; `forced` are those that were running when grace ended. */
  readonly counts: { completed: number; failed: number; forced: number } = {
    completed: 0,
    failed: 0,
    forced: 0,
  };
  readonly #diagnostics: Diagnostics;
  readonly #scope: TaskScope<Connection>;
  readonly #handler: Handler<Connection>;
  readonly #onError: RunnerOptions<Connection>['onError'];
  readonly #onChange: () => void;
  readonly #flush: number;
  /** The tasks whose handlers have not ended. */
  readonly #inFlight = new LinkedList<Task<Connection>>();
  readonly #lingering: Lingering<Task<Connection>>;
  #isForced = false;

  /** @param onChange - Called when a task or a connection has ended. */
  constructor(
    diagnostics: Diagnostics,
    scope: TaskScope<Connection>,
    handler: Handler<Connection>,
    { onError, ...times }: RunnerOptions<Connection>,
    onChange: () => void,
  ) {
    this.#diagnostics = diagnostics;
    this.#scope = scope;
    this.#handler = handler;
    this.#onError = onError;
    this.#onChange = onChange;
    this.#flush = times.flush;
    this.#lingering = new Lingering(times, onChange);
  }

  /** How many handlers have not ended. */
  get size(): number {
    return this.#inFlight.size;
  }

  /** Whether every handler has ended, and every connection is closed that one has left. */
  get isIdle(): boolean {
    return this.#inFlight.size === 0 && this.#lingering.size === 0;
  }

  start(task: Task<Connection>): void {
    this.#inFlight.add(task);
    task.owner = this;
    try {
      this.#scope.protocol.prepare(task.connection);
      const context = new TaskContext(task);
      const result: unknown = task.runInAsyncScope(
        this.#handler,
        undefined,
        task.connection,
        context,
      );
      if (isPromiseLike(result)) task.follow(Promise.resolve(result));
      else this.#awaitClose(task);
      const { resume } = this.#scope.protocol;
      if (resume) attempt(() => resume(task.connection));
    } catch (error) {
      this.#fail(task, error);
    }
  }

  onResolved(task: Task<Connection>): void {
    try {
      if (this.#scope.protocol.lastsUntilClosed) this.#awaitEnd(task, () => this.#complete(task));
      else this.#complete(task);
    } catch (error) {
      this.#fail(task, error);
    }
  }

  onRejected(task: Task<Connection>, error: unknown): void {
    this.#fail(task, error);
  }

  /** The shutdown begins: the scope has the reason. */
  drain(): void {
    const tasks = this.#inFlight.all();
    inSlices(
      tasks.map((task) => () => task.drain()),
      nothing,
    );
  }

  /** What ends every connection. Handlers that have not ended by now count as forced. */
  force(reason: unknown, onStraggler: (task: Task<Connection>) => void): End[] {
    this.#isForced = true;
    this.counts.forced = this.#inFlight.size;
    const inFlight = this.#inFlight.all().map((task) => () => {
      attempt(() => onStraggler(task));
      task.lose(reason);
      task.closable.destroy();
    });
    return [...this.#lingering.ends(onStraggler), ...inFlight];
  }

  /**
   * Looks for connections that have closed unheard, and for responses that have ended and are not
   * gone within `flush`.
   */
  sweep(): void {
    const late: (() => void)[] = [];
    const now = performance.now();
    for (const task of this.#inFlight.all()) {
      const { onClosed } = task;
      if (onClosed === undefined) continue;
      const { closable } = task;
      if (attempt(() => closable.isClosed())) onClosed();
      else if (attempt(() => closable.hasEnded?.()) && task.endedAt !== 'cut') {
        task.endedAt ??= now;
        if (now - task.endedAt < this.#flush) continue;
        task.endedAt = 'cut';
        late.push(() => closable.destroy());
      }
    }
    this.#lingering.sweep();
    inSlices(late, nothing);
  }

  /** Nothing is waited for any more. */
  leave(): void {
    this.#lingering.leave();
  }

  /** Callback style: the task lasts until the connection has closed. */
  #awaitClose(task: Task<Connection>): void {
    const { protocol } = this.#scope;
    const { connection, closable } = task;
    protocol.onFinish?.(connection, () => attempt(() => this.#lingering.linger(task, closable)));
    this.#awaitEnd(task, () => {
      if (task.endedAt === 'cut' || protocol.hasFailed(connection))
        this.#fail(task, undefined, { isReported: false });
      else this.#complete(task);
    });
  }

  /** Calls back when its connection has closed. */
  #awaitEnd(task: Task<Connection>, callback: () => void): void {
    task.onClosed = (): void => {
      if (task.onClosed === undefined) return;
      task.onClosed = undefined;
      try {
        callback();
      } catch (error) {
        this.#fail(task, error);
      }
    };
    task.closable.onClose(task.onClosed);
  }

  #complete(task: Task<Connection>): void {
    if (this.#settle(task)) this.counts.completed += 1;
    if (!this.#isForced) this.#lingering.begin(task, task.closable);
    this.#onChange();
  }

  #fail(task: Task<Connection>, error: unknown, { isReported = true } = {}): void {
    // Looked at before the connection is closed by us.
    const isNews = isReported && !task.isExpected(error);
    if (this.#settle(task)) this.counts.failed += 1;
    if (attempt(() => task.closable.isClosed()) !== true) this.#endFailed(task);
    if (isNews) void this.#report(error, task);
    this.#onChange();
  }

  /**
   * The handler has ended. Comes before anything that may run a user's code, which may end grace,
   * so that it is counted once.
   *
   * @returns Whether it counts: after grace it has been counted as forced.
   */
  #settle(task: Task<Connection>): boolean {
    task.settle();
    return this.#inFlight.delete(task) && !this.#isForced;
  }

  #endFailed(task: Task<Connection>): void {
    try {
      const rest = this.#scope.protocol.fail(task.connection);
      if (rest && !this.#isForced) this.#lingering.begin(task, rest);
    } catch {
      // A response's methods may be somebody's, of a middleware that has failed, too.
      attempt(() => task.closable.destroy());
    }
  }

  async #report(error: unknown, task: Task<Connection>): Promise<void> {
    this.#diagnostics.handlerError(error, task.connection);
    const onError = this.#onError ?? warn;
    try {
      await task.runInAsyncScope(onError, undefined, error, task.connection);
    } catch (thrown) {
      warn(thrown);
    }
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return isObject && 'then' in value && typeof value.then === 'function';
}
