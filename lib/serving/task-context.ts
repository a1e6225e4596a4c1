/** The second argument of a handler. Each signal is created when it is first read. */
export interface ServeContext {
  /**
   * Aborts when nobody needs the result of the work any more:
   *
   * - The connection has closed before the handler ended it. The reason is the error of the
   *   connection, or else an `Error` that says so.
   * - Grace is over. The reason is a `TimeoutError`.
   */
  readonly signal: AbortSignal;
  /**
   * Aborts when the shutdown begins, with the reason of the shutdown: finish what you are doing,
   * and say goodbye. If a handler starts after that, its `draining` has already aborted.
   */
  readonly draining: AbortSignal;
}

/** The context that a handler is given: the signals of its task, and nothing else of it. */
export class TaskContext implements ServeContext {
  readonly #task: ServeContext;

  constructor(task: ServeContext) {
    this.#task = task;
  }

  get signal(): AbortSignal {
    return this.#task.signal;
  }

  get draining(): AbortSignal {
    return this.#task.draining;
  }
}
