import { attempt } from '../../primitives/attempt.ts';
import { after } from '../../primitives/after.ts';
import { hasOwnWebSocket } from '../../primitives/runtime.ts';
import { FLUSH_CHECK_MOST_MS, FLUSH_CHECK_MS } from '../../bounds.ts';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { requestLineOf } from '../http/request-line.ts';
import { type Closable, guard, type Life, type Protocol } from '../protocol.ts';
import { setImmediate, unref } from '../../primitives/timers.ts';
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
  resumeLater: ([webSocket]) => resumeLater(webSocket),
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
 * Resumes a WebSocket after all microtasks: by then the consumer's first lines have run, however it
 * awaits. If they have paused it, it stays paused, which only a property of its own can tell.
 */
function resumeLater(webSocket: WebSocketLike): void {
  const own = Object.getOwnPropertyDescriptor(webSocket, 'pause');
  let isPaused = false;
  const note = (): void => {
    isPaused = true;
    show();
    webSocket.pause();
  };
  const show = (): void => {
    if (webSocket.pause !== note) return;
    Reflect.deleteProperty(webSocket, 'pause');
    if (own !== undefined) Object.defineProperty(webSocket, 'pause', own);
  };
  attempt(() => Object.defineProperty(webSocket, 'pause', { value: note, configurable: true }));
  setImmediate(() => {
    attempt(show);
    if (!isPaused) attempt(() => webSocket.resume());
  });
}

/**
 * The socket of a WebSocket, for which ws has no public property. `undefined` if there is none, as
 * in other classes.
 */
export function socketOf(webSocket: WebSocketLike): Socket | undefined {
  return (Reflect.get(webSocket, '_socket') as Socket | null | undefined) ?? undefined;
}

/**
 * Whether everything that was sent has left, and behind it the close frame. What is sent later never
 * leaves, but `bufferedAmount` of ws counts it. So the note of ws counts as well, for which there is
 * no public property: it is set when the kernel has got the close frame.
 */
export function hasSentAll(webSocket: WebSocketLike): boolean {
  const hasClosed = !hasOwnWebSocket && Reflect.get(webSocket, '_closeFrameSent') === true;
  return hasClosed || webSocket.bufferedAmount === 0;
}

/**
 * Calls back when everything has left, or the WebSocket has closed. ws has no event for that. It
 * looks ever more seldom, because thousands of clients may read nothing.
 */
function whenSent(webSocket: WebSocketLike, callback: () => void, pause = FLUSH_CHECK_MS): void {
  const isOver = (): boolean => webSocket.readyState === CLOSED || hasSentAll(webSocket);
  const timer = after(pause, () => {
    // If the owner's getters throw, it cannot be seen: the time to linger begins.
    if (attempt(isOver) !== false) callback();
    else whenSent(webSocket, callback, Math.min(2 * pause, FLUSH_CHECK_MOST_MS));
  });
  unref(timer);
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
      if (webSocket.bufferedAmount === 0) onFlushed();
      else whenSent(webSocket, onFlushed);
    },
    destroy: () => warnOfRejection(webSocket.terminate()),
    isClosed: () => webSocket.readyState === CLOSED,
    onClose(callback) {
      if (webSocket.readyState === CLOSED) callback();
      else webSocket.on('close', callback);
    },
  };
}
