import type { Diagnostics } from '../diagnostics.ts';
import { warn } from '../primitives/warn.ts';
import type { Task } from './task.ts';

/** Called with each error that a handler has thrown or rejected with. */
export type OnError<Connection> = (error: unknown, connection: Connection) => unknown;

/** Passes errors of handlers to the diagnostics channel, and to `onError` or a process warning. */
export class HandlerErrors<Connection> {
  readonly #diagnostics: Diagnostics;
  readonly #onError: OnError<Connection>;

  constructor(diagnostics: Diagnostics, onError: OnError<Connection> = warn) {
    this.#diagnostics = diagnostics;
    this.#onError = onError;
  }

  /** Never rejects. */
  async report(error: unknown, task: Task<Connection>): Promise<void> {
    this.#diagnostics.handlerError(error, task.connection);
    try {
      await task.runInAsyncScope(this.#onError, undefined, error, task.connection);
    } catch (thrown) {
      warn(thrown);
    }
  }
}
