import { attempt } from '../../primitives/attempt.ts';
import { hasOwnWebSocket } from '../../primitives/runtime.ts';
import { FLUSH_CHECK_MS, SENT_LOOKS } from '../../bounds.ts';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { requestLineOf } from '../http/request-line.ts';
import { type Closable, guard, type Life, type Protocol } from '../protocol.ts';
import { unref } from '../../primitives/timers.ts';
import { warnOfRejection } from '../../primitives/warn-of-rejection.ts';

/** The parts that are used of a `WebSocket` of the package `ws`. */
export interface WebSocketLike extends Life {
  once(event: 'close', listener: () => void): unknown;
  readonly readyState: number;
  /** Bytes that the kernel has not got yet. */
  readonly bufferedAmount: number;
  close(code: number): void;
  pause(): void;
  resume(): void;
  terminate(): void;
}

/**
 * `WebSocket.CLOSING`: after its own `close()` or `terminate()`, or after its peer's close frame.
 */
const CLOSING = 2;
/** `WebSocket.CLOSED` */
export const CLOSED = 3;

/** Close codes of RFC 6455, section 7.4.1. */
const NORMAL = 1000;
const INTERNAL_ERROR = 1011;

const failures = new WeakMap<WebSocketLike, unknown>();

/** Connections that are WebSockets, with the request that opened them. */
export const webSocketProtocol: Protocol<[WebSocketLike, IncomingMessage]> = {
  event: 'connection',
  accept([webSocket, request]) {
    const connection = webSocket as WebSocketLike;
    connection.on('error', guard);
    // A WebSocket emits its messages even if nothing listens. Without the pause, messages would be
    // lost that come before the consumer has the WebSocket.
    warnOfRejection(connection.pause());
    return [connection, request as IncomingMessage];
  },
  life: ([webSocket]) => webSocket,
  isGone: ([webSocket]) => webSocket.readyState >= CLOSING,
  resume: ([webSocket]) => warnOfRejection(webSocket.resume()),
  refuse: ([webSocket]) => warnOfRejection(webSocket.terminate()),
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

/**
 * The socket of a WebSocket, for which ws has no public property. `undefined` if there is none, as
 * in other classes.
 */
export function socketOf(webSocket: WebSocketLike): Socket | undefined {
  return (Reflect.get(webSocket, '_socket') as Socket | null | undefined) ?? undefined;
}

/**
 * How many bytes have not left yet. No count is right everywhere:
 *
 * - What is sent after the close frame never leaves, but `bufferedAmount` of ws counts it.
 * - What is being compressed is in no count of the socket.
 * - Bun's WebSocket has no counts of the socket.
 *
 * @param socket - The socket of the WebSocket.
 */
export function unsentOf(webSocket: WebSocketLike, socket: object | undefined): number {
  const { writableLength } = (socket ?? {}) as { writableLength?: number };
  return hasOwnWebSocket ? webSocket.bufferedAmount : (writableLength ?? webSocket.bufferedAmount);
}

function closableWebSocket(webSocket: WebSocketLike, code: number): Closable {
  return {
    end(onFlushed) {
      // Its handler may have removed all listeners from it.
      webSocket.on('error', guard);
      // If its owner has paused it, the client's answer would not be read, which comes behind what
      // the client has sent.
      warnOfRejection(webSocket.resume());
      warnOfRejection(webSocket.close(code));
      if (webSocket.bufferedAmount === 0) return onFlushed();
      const socket = socketOf(webSocket);
      let looks = 0;
      const isOver = (): boolean => {
        looks = unsentOf(webSocket, socket) > 0 ? 0 : looks + 1;
        const isSent = webSocket.bufferedAmount === 0 || looks >= SENT_LOOKS;
        return isSent || webSocket.readyState === CLOSED;
      };
      const timer = setInterval(() => {
        // If the owner's getters throw, it cannot be seen: the time to linger begins.
        if (attempt(isOver) === false) return;
        clearInterval(timer);
        onFlushed();
      }, FLUSH_CHECK_MS);
      unref(timer);
    },
    destroy: () => warnOfRejection(webSocket.terminate()),
    isClosed: () => webSocket.readyState === CLOSED,
    onClose(callback) {
      if (webSocket.readyState === CLOSED) callback();
      else webSocket.on('close', callback);
    },
  };
}
