import { onAbort } from './primitives/on-abort.ts';
import { OptionCheck } from './primitives/option-check.ts';
import { quietController } from './primitives/quiet-controller.ts';

const check: OptionCheck = new OptionCheck('Cannot run a task group');
const names = ['signal'];
const nothing = (): void => {};

export interface TaskGroupOptions {
  /** Cancels the group. Its reason becomes that of the group's own signal. */
  signal?: AbortSignal | undefined;
}

/** The tasks of one `taskGroup`. Its functions need no `this`: they may be taken off it. */
export interface TaskGroup {
  /** Aborts when the group is cancelled: by the first failure, by `cancel()`, or by the caller. */
  readonly signal: AbortSignal;
  /** How many tasks have begun and not ended. The body is none of them. */
  readonly size: number;
  /**
   * Begins a task, at once, and gives its promise. To ignore that is safe, and to await it counts
   * its failure once. After the cancellation a task begins all the same, with an aborted signal.
   *
   * @throws `TypeError` for what is no function; `Error` when the group has ended.
   */
  readonly run: <Result>(
    task: (signal: AbortSignal) => Result | PromiseLike<Result>,
  ) => Promise<Result>;
  /**
   * Cancels the group, as an orderly end and no failure. Ignored when it is cancelled already.
   *
   * @param reason - Default: an `AbortError`, as of `AbortController.abort()`.
   */
  readonly cancel: (reason?: unknown) => void;
}

/**
 * Runs tasks none of which outlives it: it settles when its body and every task have ended.
 *
 * The body is called at once. It begins tasks with `group.run()`, and tasks may begin others.
 *
 * **How it ends.** The group ends when the body has ended and no task is left; one that the last
 * task begins while it ends still counts. The first to fail, body or task, cancels the others:
 * `group.signal` aborts with that failure as its reason (or with an `AbortError` where it is
 * `undefined`). `group.cancel()` and an abort of `signal` cancel in order. To be cancelled is a
 * request: a task that ignores its signal is waited for, however long.
 *
 * **What it settles with.** Without a failure it resolves, cancelled or not. One failure is what
 * it rejects with, the very same value; several are the `errors` of an `AggregateError`, in order.
 * Once the group is cancelled, a rejection with the signal's reason or with an `AbortError` is
 * none: that is how a task ends when it is told to.
 *
 * **Who owns what.** What a finished task has held is free at once, so a group may live as long as
 * the process. While it lives there is one listener on `signal`, and none after.
 *
 * @param body - Has the group until it ends.
 * @param options - With a signal that has aborted already, the body runs with an aborted
 * `group.signal`.
 * @returns What the body returns; `undefined` where it has ended by the cancellation.
 * @throws `TypeError` for a bad argument, before the body is called: as a rejection.
 *
 * @example
 * ```ts
 * await taskGroup(
 *   ({ run }) => {
 *     void run((signal) => serveClients(signal));
 *     void run((signal) => refreshCache(signal));
 *   },
 *   { signal: shutdownSignal() },
 * );
 * ```
 */
export async function taskGroup<Result>(
  body: (group: TaskGroup) => Result | PromiseLike<Result>,
  options: TaskGroupOptions = {},
): Promise<Result | undefined> {
  check.function('body', body);
  check.object('options', options);
  check.known(names, options);
  const { signal } = options;
  check.signal(signal);
  const tasks = new Tasks();
  let stopListening = nothing;
  if (signal?.aborted) tasks.cancel(signal.reason);
  else if (signal) stopListening = onAbort(signal, () => tasks.cancel(signal.reason));
  let result: Result | undefined;
  try {
    result = await body(tasks.group);
  } catch (error) {
    tasks.fail(error);
  }
  await tasks.end();
  stopListening();
  tasks.throwFailures();
  return result;
}

/** What a group knows, and does not show to its body. */
class Tasks {
  readonly group: TaskGroup;
  readonly #controller = quietController();
  /** One for each task that has begun and not ended. */
  readonly #running = new Set<symbol>();
  /** A set: a failure that others pass on, such as who awaits the task, is one. */
  readonly #failures = new Set<unknown>();
  #onEmpty = nothing;
  #hasEnded = false;

  constructor() {
    const running = this.#running;
    const { signal } = this.#controller;
    this.group = {
      signal,
      get size() {
        return running.size;
      },
      run: (task) => this.#run(task),
      cancel: (reason) => this.cancel(reason),
    };
  }

  /** Only the first one has an effect. */
  cancel(reason: unknown): void {
    this.#controller.abort(reason);
  }

  fail(error: unknown): void {
    const { aborted, reason } = this.#controller.signal;
    if (aborted && (error === reason || isAbortError(error))) return;
    this.#failures.add(error);
    this.cancel(error);
  }

  /** Waits until no task is left. From then on none begins. */
  async end(): Promise<void> {
    // Looks again: who awaited the last task goes on before this does, and may begin another one.
    while (this.#running.size > 0) {
      await new Promise<void>((resolve) => (this.#onEmpty = resolve));
    }
    this.#hasEnded = true;
  }

  throwFailures(): void {
    const { size } = this.#failures;
    if (size === 0) return;
    const failures = [...this.#failures];
    if (size === 1) throw failures[0];
    throw new AggregateError(failures, `Cannot complete the task group: ${size} failures`);
  }

  #run<Result>(task: (signal: AbortSignal) => Result | PromiseLike<Result>): Promise<Result> {
    check.function('task', task);
    if (this.#hasEnded) throw new Error('Cannot run a task: the group has ended');
    const token = Symbol();
    this.#running.add(token);
    const promise = begin(task, this.group.signal);
    const end = (): void => {
      this.#running.delete(token);
      if (this.#running.size === 0) this.#onEmpty();
    };
    promise.then(end, (error: unknown) => {
      this.fail(error);
      end();
    });
    return promise;
  }
}

/** Calls it now; a throw becomes a rejection. */
async function begin<Result>(
  task: (signal: AbortSignal) => Result | PromiseLike<Result>,
  signal: AbortSignal,
): Promise<Result> {
  return await task(signal);
}

/** By name: Node's own are no `DOMException`, and one may come from another realm. */
function isAbortError(error: unknown): boolean {
  try {
    return (Object(error) as Error).name === 'AbortError';
  } catch {
    // Anything may be thrown, a revoked proxy too.
    return false;
  }
}
