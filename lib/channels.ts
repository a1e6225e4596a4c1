import { channel, type Channel } from 'node:diagnostics_channel';
import type { AcceptLoopStats } from './connection-queue.ts';
import type { DrainReport } from './drain-report.ts';
import type { ServeReport } from './serve-report.ts';

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

/** What is published on `accept-loop:end`: nothing more comes of this server. */
export interface EndMessage {
  readonly server: object;
  /** The counts of the loop, or the report of `serve` or `drain`. */
  readonly stats: AcceptLoopStats | ServeReport | DrainReport;
}

type Published<Message> = Channel<unknown, Message>;

export const acceptChannel: Published<AcceptMessage> = channel('accept-loop:accept');
export const shedChannel: Published<ShedMessage> = channel('accept-loop:shed');
export const errorChannel: Published<ErrorMessage> = channel('accept-loop:error');
export const drainChannel: Published<DrainMessage> = channel('accept-loop:drain');
export const endChannel: Published<EndMessage> = channel('accept-loop:end');
