import { acceptChannel, drainChannel, endChannel, errorChannel, shedChannel } from './channels.ts';
import type { EndMessage } from './channels.ts';

/** Publishes what happens to one server. Nothing is built for a channel without subscribers. */
export class Diagnostics<Connection> {
  readonly #server: object;
  readonly #subject: ((connection: Connection) => unknown) | undefined;

  /** @param subject - Makes what a subscriber is shown of a connection. */
  constructor(server: object, subject?: (connection: Connection) => unknown) {
    this.#server = server;
    this.#subject = subject;
  }

  accept(connection: Connection): void {
    if (acceptChannel.hasSubscribers) acceptChannel.publish(this.#about(connection));
  }

  shed(connection: Connection): void {
    if (shedChannel.hasSubscribers) shedChannel.publish(this.#about(connection));
  }

  /** An error of the server. */
  serverError(error: unknown): void {
    if (errorChannel.hasSubscribers) errorChannel.publish({ server: this.#server, error });
  }

  /** An error of a handler. */
  handlerError(error: unknown, connection: Connection): void {
    if (errorChannel.hasSubscribers) errorChannel.publish({ ...this.#about(connection), error });
  }

  drain(reason: unknown): void {
    if (drainChannel.hasSubscribers) drainChannel.publish({ server: this.#server, reason });
  }

  /** @param stats - Called only if somebody wants to know. */
  end(stats: () => EndMessage['stats']): void {
    if (endChannel.hasSubscribers) endChannel.publish({ server: this.#server, stats: stats() });
  }

  #about(connection: Connection): { server: object; connection: unknown } {
    const subject = this.#subject;
    return { server: this.#server, connection: subject ? subject(connection) : connection };
  }
}
