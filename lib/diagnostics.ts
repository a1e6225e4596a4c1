import { channel, type Channel } from 'node:diagnostics_channel';
import type {
  AcceptLoopStats,
  DrainReport,
  OpenConnection,
  OpenState,
  ServeReport,
} from './reports.ts';

/**
 * Published on `accept-loop:accept` when a connection has been accepted. It may be queued or shed
 * next.
 */
export interface AcceptMessage {
  /** The server that was passed to `acceptLoop` or `serve`. */
  readonly server: object;
  /**
   * What a loop yields: a socket, `[request, response]`, `[webSocket, request]`, or the arguments
   * of an event.
   */
  readonly connection: unknown;
}

/** Published on `accept-loop:shed` when a connection was refused, because the queue was full. */
export interface ShedMessage {
  readonly server: object;
  readonly connection: unknown;
}

/** Published on `accept-loop:error` when the server emits `'error'`, or a handler has failed. */
export interface ErrorMessage {
  readonly server: object;
  /**
   * The error of the server, or what a handler of `serve` or a method of the connection has thrown.
   * An error of `accept(2)` does not end the loop. Every other error of the server does.
   */
  readonly error: unknown;
  /** The connection that the error belongs to. Not set for an error of the server. */
  readonly connection?: unknown;
}

/** Published on `accept-loop:drain` when a shutdown has begun. */
export interface DrainMessage {
  readonly server: object;
  /** The signal's reason, or an error that says what else has begun the shutdown. */
  readonly reason: unknown;
}

/**
 * Published on `accept-loop:progress` once a second, while a shutdown of `serve` or `drain` waits
 * for open connections. Subscribe before the shutdown begins: otherwise nothing is published.
 */
export interface ProgressMessage {
  readonly server: object;
  /** Milliseconds since the shutdown began. */
  readonly duration: number;
  /** How many connections are open in each state. */
  readonly states: Readonly<Partial<Record<OpenState, number>>>;
  /** The connection that has been open longest. */
  readonly oldest: OpenConnection | undefined;
}

/** Published on `accept-loop:end` at the end of a loop, a `serve` or a `drain`. */
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

/** Publishes the events of one server. No message is built for a channel without subscribers. */
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

  serverError(error: unknown): void {
    if (errorChannel.hasSubscribers) errorChannel.publish({ server: this.#server, error });
  }

  /** Also for an error of the connection's own method or getter. */
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

  /** @param stats - Called only if the channel has a subscriber. */
  end(stats: () => EndMessage['stats']): void {
    if (endChannel.hasSubscribers) endChannel.publish({ server: this.#server, stats: stats() });
  }
}
