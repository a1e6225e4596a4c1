import type { Diagnostics } from '../diagnostics.ts';
import { warn } from '../primitives/warn.ts';
import type { Task } from './task.ts';

/** Told what a handler has thrown. */
export type OnError<Connection> = (error: unknown, connection: Connection) => unknown;

/** Where the errors of handlers go: to subscribers of the channel, and to `onError` or a warning. */
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
