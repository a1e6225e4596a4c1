import { attempt } from '../primitives/attempt.ts';
import { warn } from '../primitives/warn.ts';
import { TaskContext } from './task-context.ts';
import { CUT, type Task } from './task.ts';
import { listRunning, listTask, stragglingTask } from './task-listing.ts';
import type { TaskOwner, TaskScope } from './task-scope.ts';
import { lookAt } from './task-sweep.ts';
import type { Diagnostics } from '../diagnostics.ts';
import { eachInSlices, type End, inSlices } from '../shutdown/in-slices.ts';
import type { OpenList } from '../shutdown/open-list.ts';
import type { OnStraggler } from '../shutdown/stragglers.ts';
import { HeldList } from '../accepting/queue.ts';
import { HandlerErrors, type OnError } from './handler-errors.ts';
import { Lingering, type LingeringTimes } from './lingering.ts';
import type { Socket } from 'node:net';

const nothing = (): void => {};

/** The function that is called with each connection. */
export type Handler<Connection> = (connection: Connection, context: TaskContext) => unknown;

export interface RunnerOptions<Connection> extends LingeringTimes {
  readonly onError: OnError<Connection> | undefined;
}

/**
 * Runs the handlers of one `serve`, as one task for each connection. An error of one task does not
 * affect the others. When a task is over, its connection is closed.
 */
export class TaskRunner<Connection> implements TaskOwner<Connection> {
  /** How the tasks so far have ended. `forced` is the number that were running when grace ended. */
  readonly counts: { completed: number; failed: number; forced: number } = {
    completed: 0,
    failed: 0,
    forced: 0,
  };
  readonly #errors: HandlerErrors<Connection>;
  readonly #scope: TaskScope<Connection>;
  readonly #handler: Handler<Connection>;
  readonly #onChange: () => void;
  readonly #flush: number;
  #size = 0;
  /**
   * The tasks whose handlers have not ended. A task in callback style whose own side has ended is
   * not in this list: it lingers.
   */
  readonly #running = new HeldList<Task<Connection>>(this);
  readonly #lingering: Lingering<Task<Connection>>;
  #isForced = false;
  #isSweeping = false;

  /** @param onChange - Called when a task or a connection has ended. */
  constructor(
    diagnostics: Diagnostics,
    scope: TaskScope<Connection>,
    handler: Handler<Connection>,
    { onError, ...times }: RunnerOptions<Connection>,
    onChange: () => void,
  ) {
    this.#errors = new HandlerErrors(diagnostics, onError);
    this.#scope = scope;
    scope.owner = this;
    this.#handler = handler;
    this.#onChange = onChange;
    this.#flush = times.flush;
    this.#lingering = new Lingering(times, onChange);
  }

  /** How many handlers have been called and have not ended. */
  get size(): number {
    return this.#size;
  }

  /** Whether every handler has ended, and every connection of a handler that ended has closed. */
  get isIdle(): boolean {
    return this.#size === 0 && this.#lingering.size === 0;
  }

  start(task: Task<Connection>): void {
    this.#size += 1;
    this.#running.add(task);
    task.awaits = 'promise';
    try {
      this.#scope.protocol.prepare(task.connection);
      this.#scope.quiet?.follow(task.connection as Socket);
      const { resume } = this.#scope.protocol;
      // Before the handler, which may pause the connection. Nothing flows before the next tick.
      if (resume) attempt(() => resume(task.connection));
      const context = new TaskContext(task);
      const result: unknown = task.runInAsyncScope(
        this.#handler,
        undefined,
        task.connection,
        context,
      );
      if (isPromiseLike(result)) task.follow(Promise.resolve(result));
      else task.awaitClose();
    } catch (error) {
      this.#fail(task, error);
    }
  }

  onResolved(task: Task<Connection>): void {
    try {
      if (!this.#scope.protocol.lastsUntilClosed) return this.#complete(task);
      task.awaits = 'close';
      task.watch();
    } catch (error) {
      this.#fail(task, error);
    }
  }

  onRejected(task: Task<Connection>, error: unknown): void {
    this.#fail(task, error);
  }

  onFinished(task: Task<Connection>): void {
    try {
      this.#lingering.linger(task);
    } catch (error) {
      warn(error);
    }
  }

  /** The connection of a task whose handler has not ended has closed. */
  onClosed(task: Task<Connection>): void {
    if (task.isFollowed) attempt(() => task.depart());
    const { awaits, connection } = task;
    if (awaits === 'promise') return;
    try {
      const mayFail = awaits === 'orderly close';
      if (mayFail && (task.deadline === CUT || this.#scope.protocol.hasFailed(connection)))
        this.#fail(task, undefined, { isReported: false });
      else this.#complete(task);
    } catch (error) {
      this.#fail(task, error);
    }
  }

  /** The connections of the running tasks, for servers whose connections are sockets. */
  get sockets(): Socket[] {
    return this.#running.all().map(({ connection }) => connection as Socket);
  }

  /** Call it when the shutdown begins, after the scope was given the reason. */
  drain(): void {
    inSlices(
      this.#unsettled.map((task) => () => task.drain()),
      nothing,
    );
  }

  /**
   * Returns the steps that end every connection. Handlers that have not ended at this call count as
   * forced.
   */
  force(reason: unknown, onStraggler: OnStraggler): End[] {
    this.#isForced = true;
    this.counts.forced = this.#size;
    const settled = this.#lingering.open.filter(({ isRunning }) => !isRunning);
    const cut = (task: Task<Connection>): End => {
      const tell = stragglingTask(task, onStraggler);
      return () => {
        // It may have closed since then, or its time may have ended it.
        if (!this.#lingering.has(task)) return;
        tell();
        this.#lingering.destroy(task);
      };
    };
    const lose = (task: Task<Connection>): End => {
      const tell = stragglingTask(task, onStraggler);
      return () => {
        tell();
        task.lose(reason);
        task.closable.destroy();
      };
    };
    return [...settled.map(cut), ...this.#unsettled.map(lose)];
  }

  get #unsettled(): Task<Connection>[] {
    const lingering = this.#lingering.all.filter(({ isRunning }) => isRunning);
    return [...this.#running.all(), ...lingering];
  }

  /**
   * Notes connections that have closed without an event. Destroys connections whose response has
   * ended, and whose bytes have not left within `flush`.
   */
  sweep(): void {
    const late: End[] = [];
    for (const task of this.#running.all()) lookAt(task, this.#flush, late);
    this.#lingering.sweep();
    inSlices(late, nothing);
  }

  /** Does so in slices, because there may be a hundred thousand tasks. */
  sweepInSlices(): void {
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    const late: End[] = [];
    const look = (task: Task<Connection>): void => {
      if (task.list === this.#running) lookAt(task, this.#flush, late);
      else this.#lingering.look(task);
    };
    eachInSlices([...this.#running.all(), ...this.#lingering.all], look, () => {
      this.#isSweeping = false;
      inSlices(late, nothing);
    });
  }

  /** Lists all open connections, and those that have closed while their handlers run. */
  listOpen(list: OpenList): void {
    listRunning(this.#running.all(), list);
    this.#lingering.eachOpen((task, state) => listTask(task, list, state));
  }

  /** Call it when the serving is over. Lets the connections go whose handlers have not ended. */
  leave(): void {
    this.#lingering.leave();
    for (const task of this.#running.all()) this.#running.delete(task);
  }

  #complete(task: Task<Connection>): void {
    if (this.#settle(task)) this.counts.completed += 1;
    if (!this.#isForced) this.#lingering.begin(task);
    this.#onChange();
  }

  #fail(task: Task<Connection>, error: unknown, { isReported = true } = {}): void {
    // Asked first: we close the connection below.
    const isNews = isReported && !task.isExpected(error);
    // An error that only says that `quiet` has ended the connection is not a failure.
    const isOver = !isNews && task.wasSilent;
    if (this.#settle(task)) this.counts[isOver ? 'completed' : 'failed'] += 1;
    if (attempt(() => task.closable.isClosed()) !== true) this.#endFailed(task);
    if (isNews) void this.#errors.report(error, task);
    this.#onChange();
  }

  /**
   * Notes that the handler has ended. Call it before any code of the user runs: that code may end
   * grace, and the task would be counted twice.
   *
   * @returns Whether to count the task now. After grace it has already been counted as forced.
   */
  #settle(task: Task<Connection>): boolean {
    if (!task.isRunning) return false;
    task.settle();
    task.list?.delete(task);
    this.#size -= 1;
    return !this.#isForced;
  }

  #endFailed(task: Task<Connection>): void {
    try {
      const rest = this.#scope.protocol.fail(task.connection);
      if (rest && !this.#isForced) this.#lingering.begin(task, rest);
    } catch {
      // A middleware may have replaced methods of the response, and they may throw as well.
      attempt(() => task.closable.destroy());
    }
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return isObject && 'then' in value && typeof value.then === 'function';
}
