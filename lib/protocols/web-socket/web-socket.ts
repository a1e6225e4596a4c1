import { hasOwnWebSocket } from '../../primitives/runtime.ts';
import { FLUSH_CHECK_MS, SENT_LOOKS } from '../../bounds.ts';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { requestLineOf } from '../http/request-line.ts';
import { type Closable, guard, type Life, type Protocol } from '../protocol.ts';
import { unref } from '../../primitives/timers.ts';

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

/** `WebSocket.CLOSING`, after its own `close()` or `terminate()`, or its peer's close frame. */
const CLOSING = 2;
/** `WebSocket.CLOSED` */
export const CLOSED = 3;

/** Close codes of RFC 6455, 7.4.1. */
const NORMAL = 1000;
const INTERNAL_ERROR = 1011;

const failures = new WeakMap<WebSocketLike, unknown>();

/** Connections that are WebSockets, with the request that opened them. */
export const webSocketProtocol: Protocol<[WebSocketLike, IncomingMessage]> = {
  event: 'connection',
  accept([webSocket, request]) {
    const connection = webSocket as WebSocketLike;
    connection.on('error', guard);
    // A WebSocket emits its messages whether somebody listens or not: those that come before the
    // consumer has it would be lost.
    connection.pause();
    return [connection, request as IncomingMessage];
  },
  life: ([webSocket]) => webSocket,
  isGone: ([webSocket]) => webSocket.readyState >= CLOSING,
  resume: ([webSocket]) => webSocket.resume(),
  refuse: ([webSocket]) => webSocket.terminate(),
  straggler: 'connection',
  lastsUntilClosed: false,
  socketOf: ([, request]) => request.socket,
  carrierOf: ([, request]) => request.socket,
  requestLineOf: ([, request]) => requestLineOf(request),
  prepare([webSocket]) {
    webSocket.on('error', (error?: unknown) => void failures.set(webSocket, error));
  },
  closable: ([webSocket]) => closableWebSocket(webSocket, NORMAL),
  departure: ([webSocket]) => failures.get(webSocket) ?? new Error('The connection is gone'),
  hidesDeparture: () => true,
  errors: ([webSocket]) => [failures.get(webSocket)],
  hasFailed: ([webSocket]) => failures.has(webSocket),
  fail: ([webSocket]) => closableWebSocket(webSocket, INTERNAL_ERROR),
};

/** Its socket, for which it has no public way; unknown where somebody else's class is in its place. */
export function socketOf(webSocket: WebSocketLike): Socket | undefined {
  return (Reflect.get(webSocket, '_socket') as Socket | null | undefined) ?? undefined;
}

/**
 * Bytes that have not left. What is sent behind the goodbye never leaves, and `bufferedAmount` of ws
 * counts it all the same; what is being compressed is in no count of the socket. Bun has none.
 *
 * @param socket - Its own.
 */
export function unsentOf(webSocket: WebSocketLike, socket: object | undefined): number {
  const { writableLength } = (socket ?? {}) as { writableLength?: number };
  return hasOwnWebSocket ? webSocket.bufferedAmount : (writableLength ?? webSocket.bufferedAmount);
}

function closableWebSocket(webSocket: WebSocketLike, code: number): Closable {
  return {
    end(onFlushed) {
      // Whoever has paused it listens no more, and the peer's answer comes behind what it sends.
      webSocket.resume();
      webSocket.close(code);
      if (webSocket.bufferedAmount === 0) return onFlushed();
      const socket = socketOf(webSocket);
      let looks = 0;
      const timer = setInterval(() => {
        looks = unsentOf(webSocket, socket) > 0 ? 0 : looks + 1;
        const isSent = webSocket.bufferedAmount === 0 || looks >= SENT_LOOKS;
        if (!isSent && webSocket.readyState !== CLOSED) return;
        clearInterval(timer);
        onFlushed();
      }, FLUSH_CHECK_MS);
      unref(timer);
    },
    destroy: () => webSocket.terminate(),
    isClosed: () => webSocket.readyState === CLOSED,
    onClose(callback) {
      if (webSocket.readyState === CLOSED) callback();
      else webSocket.on('close', callback);
    },
  };
}
