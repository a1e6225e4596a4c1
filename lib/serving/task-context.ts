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

/** A task as its handler sees it. */
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
