import { channel, type Channel } from 'node:diagnostics_channel';
import type {
  AcceptLoopStats,
  DrainReport,
  OpenConnection,
  OpenState,
  ServeReport,
} from './reports.ts';

/** What is published on `accept-loop:accept`: a connection has been accepted. */
export interface AcceptMessage {
  /** The server, as it was handed to `acceptLoop` or `serve`. */
  readonly server: object;
  /** What the loop yields: a socket, `[request, response]`, `[webSocket, request]`, arguments. */
  readonly connection: unknown;
}

/** What is published on `accept-loop:shed`: a connection was refused, because the queue was full. */
export interface ShedMessage {
  readonly server: object;
  readonly connection: unknown;
}

/** What is published on `accept-loop:error`. */
export interface ErrorMessage {
  readonly server: object;
  /**
   * The server's `'error'`, or what a handler of `serve` has thrown. A server's error of `accept(2)`
   * does not end the loop; every other one of the server does.
   */
  readonly error: unknown;
  /** The connection whose handler has failed. */
  readonly connection?: unknown;
}

/** What is published on `accept-loop:drain`: a shutdown has begun, with the last call. */
export interface DrainMessage {
  readonly server: object;
  /** The reason of the signal, if a signal began it. */
  readonly reason: unknown;
}

/**
 * What is published on `accept-loop:progress`, once a second while the stop of a `serve` or `drain`
 * waits for what is open. Those who subscribe after its beginning hear nothing of it.
 */
export interface ProgressMessage {
  readonly server: object;
  /** Milliseconds since the shutdown began. */
  readonly duration: number;
  /** How many connections are open, by what they are doing. */
  readonly states: Readonly<Partial<Record<OpenState, number>>>;
  /** The one that has been open longest. */
  readonly oldest: OpenConnection | undefined;
}

/** What is published on `accept-loop:end`: nothing more comes of this server. */
export interface EndMessage {
  readonly server: object;
  /** The counts of the loop, or the report of `serve` or `drain`. */
  readonly stats: AcceptLoopStats | ServeReport | DrainReport;
}

type Published<Message> = Channel<unknown, Message>;

const acceptChannel: Published<AcceptMessage> = channel('accept-loop:accept');
const shedChannel: Published<ShedMessage> = channel('accept-loop:shed');
const errorChannel: Published<ErrorMessage> = channel('accept-loop:error');
const drainChannel: Published<DrainMessage> = channel('accept-loop:drain');
const progressChannel: Published<ProgressMessage> = channel('accept-loop:progress');
const endChannel: Published<EndMessage> = channel('accept-loop:end');

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

  get isProgressHeard(): boolean {
    return progressChannel.hasSubscribers;
  }

  progress(message: Omit<ProgressMessage, 'server'>): void {
    progressChannel.publish({ server: this.#server, ...message });
  }

  /** @param stats - Called only if somebody wants to know. */
  end(stats: () => EndMessage['stats']): void {
    if (endChannel.hasSubscribers) endChannel.publish({ server: this.#server, stats: stats() });
  }
}
