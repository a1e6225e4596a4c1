import type { IncomingMessage } from 'node:http';
import { type ConnectionKind, guard, type Life } from './connection-kind.ts';

/** What is used of a `WebSocket` of the package `ws`. */
export interface WebSocketLike extends Life {
  once(event: 'close', listener: () => void): unknown;
  readonly readyState: number;
  /** Bytes that have not been given to the kernel. */
  readonly bufferedAmount: number;
  close(code: number): void;
  pause(): void;
  resume(): void;
  terminate(): void;
}

/** `WebSocket.CLOSED` */
export const CLOSED = 3;

/** Connections that are WebSockets, with the request that opened them. */
export const webSocketConnections: ConnectionKind<[WebSocketLike, IncomingMessage]> = {
  event: 'connection',
  accept(webSocket, request) {
    const connection = webSocket as WebSocketLike;
    connection.on('error', guard);
    // A WebSocket emits its messages whether somebody listens or not: those that come before the
    // consumer has it would be lost.
    connection.pause();
    return [connection, request as IncomingMessage];
  },
  life: ([webSocket]) => webSocket,
  isGone: ([webSocket]) => webSocket.readyState === CLOSED,
  // Messages flow from the next tick on, after the consumer's first lines have run.
  release: ([webSocket]) => webSocket.resume(),
  refuse: ([webSocket]) => webSocket.terminate(),
};
