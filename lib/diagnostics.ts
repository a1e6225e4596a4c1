import { acceptChannel, drainChannel, endChannel, errorChannel, shedChannel } from './channels.ts';
import type { EndMessage } from './channels.ts';

/** Publishes what happens to one server. Nothing is built for a channel without subscribers. */
export class Diagnostics {
  readonly #server: object;

  constructor(server: object) {
    this.#server = server;
  }

  accept(connection: unknown): void {
    if (acceptChannel.hasSubscribers) acceptChannel.publish({ server: this.#server, connection });
  }

  shed(connection: unknown): void {
    if (shedChannel.hasSubscribers) shedChannel.publish({ server: this.#server, connection });
  }

  /** An error of the server. */
  serverError(error: unknown): void {
    if (errorChannel.hasSubscribers) errorChannel.publish({ server: this.#server, error });
  }

  /** An error of a handler. */
  handlerError(error: unknown, connection: unknown): void {
    if (errorChannel.hasSubscribers)
      errorChannel.publish({ server: this.#server, connection, error });
  }

  drain(reason: unknown): void {
    if (drainChannel.hasSubscribers) drainChannel.publish({ server: this.#server, reason });
  }

  /** @param stats - Called only if somebody wants to know. */
  end(stats: () => EndMessage['stats']): void {
    if (endChannel.hasSubscribers) endChannel.publish({ server: this.#server, stats: stats() });
  }
}
