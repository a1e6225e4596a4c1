import { onAbort, reasonOf } from './primitives/on-abort.ts';
import { OptionCheck } from './primitives/option-check.ts';
import { quietController } from './primitives/quiet-controller.ts';

const check: OptionCheck = new OptionCheck('Cannot run a task group');
const names = ['signal'];
const nothing = (): void => {};

export interface TaskGroupOptions {
  /** Cancels the group when it aborts. `group.signal` gets the same reason. */
  signal?: AbortSignal | undefined;
}

/** The tasks of one `taskGroup`. `run` and `cancel` need no `this`: you may destructure them. */
export interface TaskGroup {
  /** Aborts at the first failure, at `cancel()`, or with the `signal` of the options. */
  readonly signal: AbortSignal;
  /** How many tasks have begun and not ended. The body does not count. */
  readonly size: number;
  /**
   * Calls `task(group.signal)` at once, and returns its promise. You may ignore the promise. If you
   * await it, its failure still counts only once. After the cancellation a task begins all the
   * same, with an aborted signal.
   *
   * @throws `TypeError` if `task` is no function. `Error` if the group has ended.
   */
  readonly run: <Result>(
    task: (signal: AbortSignal) => Result | PromiseLike<Result>,
  ) => Promise<Result>;
  /**
   * Cancels the group: `signal` aborts with `reason`. That is no failure. It has no effect if the
   * group is cancelled already.
   *
   * @param reason - Default: an `AbortError`, as of `AbortController.abort()`.
   */
  readonly cancel: (reason?: unknown) => void;
}

/**
 * Calls `body(group)` at once, and settles when the body and every task have ended.
 *
 * The body begins tasks with `group.run()`. Tasks may begin further tasks.
 *
 * **How it ends.** The group ends when the body has ended and no task is left. A task that the last
 * task begins while it ends still counts.
 *
 * The first failure, of the body or a task, cancels the group: `group.signal` aborts with that
 * failure as its reason. If the failure is `undefined`, the reason is an `AbortError`.
 * `group.cancel()` and an abort of `signal` cancel the group without a failure.
 *
 * Cancelling is a request. The group waits for a task that ignores its signal, however long.
 *
 * **What it settles with.**
 *
 * - Without a failure, it resolves, cancelled or not.
 * - With one failure, it rejects with the same value.
 * - With several failures, it rejects with an `AggregateError`, whose `errors` has them in order.
 *
 * Once the group is cancelled, a rejection with the signal's reason, or with an `AbortError`, is no
 * failure. That is how a task ends when it is told to.
 *
 * **Who owns what.** What a task has held is free as soon as the task has ended, so a group may
 * live as long as the process. There is one listener on `signal` while the group lives, and none
 * after that.
 *
 * @param body - Called with the group.
 * @param options - If the signal has aborted already, the body runs with an aborted `group.signal`.
 * @returns The result of the body, or `undefined` if the cancellation has ended the body.
 * @throws Only as a rejection: `TypeError` for a bad argument, before the body is called.
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
  if (signal?.aborted) tasks.cancel(reasonOf(signal));
  else if (signal) stopListening = onAbort(signal, (reason) => tasks.cancel(reason));
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

/** The state behind one `TaskGroup`. */
class Tasks {
  readonly group: TaskGroup;
  readonly #controller = quietController();
  /** A token for each task that has begun and not ended. */
  readonly #running = new Set<symbol>();
  /** A set, so that a failure counts once if a task or the body awaits another and passes it on. */
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

  /** Only the first call has an effect. */
  cancel(reason: unknown): void {
    this.#controller.abort(reason);
  }

  fail(error: unknown): void {
    const { aborted, reason } = this.#controller.signal;
    if (aborted && (Object.is(error, reason) || isAbortError(error))) return;
    this.#failures.add(error);
    this.cancel(error);
  }

  /** Waits until no task is left. After that, `run` throws. */
  async end(): Promise<void> {
    // A loop: code that has awaited the last task continues before this code, and may begin
    // another.
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

/** Calls the task now. A throw becomes a rejection. */
async function begin<Result>(
  task: (signal: AbortSignal) => Result | PromiseLike<Result>,
  signal: AbortSignal,
): Promise<Result> {
  return await task(signal);
}

/** By its name: an AbortError of Node is no `DOMException`, and may come from another realm. */
function isAbortError(error: unknown): boolean {
  try {
    return (Object(error) as Error).name === 'AbortError';
  } catch {
    // Anything may be thrown, even a revoked proxy.
    return false;
  }
}
