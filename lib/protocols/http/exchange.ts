import { RETRY_AFTER_S } from '../../bounds.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerResponse, Http2Stream } from 'node:http2';
import { hasLeft } from '../../primitives/has-left.ts';
import { onSocketClose } from './on-socket-close.ts';
import { requestLineOf } from './request-line.ts';
import { type Closable, guard, type Life, type Protocol } from '../protocol.ts';

/** An HTTP request with its response, of HTTP/1 or of HTTP/2's compatibility API. */
export type Exchange = [request: IncomingMessage, response: ServerResponse];

/**
 * Whether Node has made it for HTTP/2. The request's `httpVersionMajor` says nothing: it is what the
 * client has written, and `GET / HTTP/2.0` passes for a request line of HTTP/1.
 */
export function isHttp2(response: object): boolean {
  return 'createPushResponse' in response;
}

/** The stream under a response of HTTP/2. */
export function streamOf(response: object): Http2ServerResponse['stream'] | undefined {
  return isHttp2(response) ? (response as Http2ServerResponse).stream : undefined;
}

/**
 * Connections that are requests. The socket under them is Node's: its server listens to the
 * socket's errors, so there is no guard here. A task lasts until its response has closed, so that a
 * handler may start a pipe into it and return.
 */
export const exchangeProtocol: Protocol<Exchange> = {
  event: 'request',
  isCarried: true,
  accept: (args) => (args.length === 2 ? args : args.slice(0, 2)) as Exchange,
  // Emitted when the client goes away before it is answered, too.
  life: ([, response]): Life => response,
  isGone: ([request, response]) =>
    // A response of HTTP/2 has no such property.
    isHttp2(response)
      ? streamOf(response)?.destroyed !== false
      : // Node 20 and 22 say nothing of a pipelined one whose connection is gone.
        response.destroyed || request.socket?.destroyed,
  refuse: answerUnavailable,
  straggler: 'request',
  lastsUntilClosed: true,
  socketOf: ([request]) => request.socket,
  carrierOf: ([request, response]) =>
    isHttp2(response) ? streamOf(response)?.session : request.socket,
  requestLineOf: ([request]) => requestLineOf(request),
  prepare() {},
  closable: (exchange) => new ClosableExchange(exchange),
  departure([request, response]) {
    if (response.writableEnded) return undefined;
    const error = request.errored ?? response.errored ?? request.socket?.errored;
    return error ?? new Error('The connection is gone');
  },
  errors: ([request, response]) => [request.errored, response.errored, request.socket?.errored],
  hasFailed: ([, response]) =>
    // HTTP/2 calls a response finished when its stream has closed, however it has.
    !response.writableEnded || !response.writableFinished || Boolean(streamOf(response)?.rstCode),
  fail(exchange) {
    const [, response] = exchange;
    if (response.headersSent) {
      destroy(exchange);
      return undefined;
    }
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    response.statusCode = 500;
    // HTTP/2 has none: Node would warn.
    if (!isHttp2(response)) response.statusMessage = 'Internal Server Error';
    // What the handler has begun besides may still answer: after the end, that is an error.
    response.on('error', guard);
    response.end();
    return undefined;
  },
};

/** Its end is the handler's: what can be done is to wait, or to use force. */
class ClosableExchange implements Closable {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  destroy(): void {
    destroy(this.#exchange);
  }

  isClosed(): boolean {
    return isClosed(this.#exchange);
  }

  hasEnded(): boolean {
    return hasEnded(this.#exchange[1]);
  }

  onClose(callback: () => void): void {
    const [request, response] = this.#exchange;
    // Reading the `socket` of an HTTP/2 request makes a proxy.
    const socket = isHttp2(response) ? undefined : request.socket;
    if (isOver(response) || socket?.closed) return callback();
    if (!socket || response.socket) {
      response.on('close', callback);
      return;
    }
    // Of a pipelined one that waits for those before it, Node 20 and 22 do not tell that its connection
    // is gone.
    const cancel = onSocketClose(socket, callback);
    response.on('close', () => {
      cancel();
      callback();
    });
  }
}

/** Answers `503`, and lets the client know that this connection is over. */
function answerUnavailable([, response]: Exchange): void {
  if (response.headersSent) return;
  const headers: Record<string, string | number> = { 'retry-after': RETRY_AFTER_S };
  // HTTP/2 has no such header: Node would warn.
  if (!isHttp2(response)) headers['connection'] = 'close';
  response.writeHead(503, headers);
  response.end();
}

/** A pipelined response that waits for those before it has no socket yet, and no time runs. */
function hasEnded(response: ServerResponse): boolean {
  return response.writableEnded && (isHttp2(response) || response.socket !== null);
}

function isOver(response: ServerResponse): boolean {
  // A response of HTTP/2 is no Writable, and does not tell.
  if (isHttp2(response)) return streamOf(response)?.destroyed !== false;
  // Deno has no `closed` here.
  return response.closed || (response.destroyed && response.writableFinished);
}

function isClosed([request, response]: Exchange): boolean {
  if (isHttp2(response)) return isOver(response);
  return isOver(response) || (Boolean(request.socket) && hasLeft(request.socket));
}

function destroy([request, response]: Exchange): void {
  const stream = streamOf(response);
  if (stream) cutStream(stream);
  else request.socket?.destroy();
}

/**
 * Ends an HTTP/2 stream by force. Without an error, as when its session is destroyed, and on Bun
 * with `close(code)`, that is a clean end, and half an answer would pass for a whole one.
 */
export function cutStream(stream: Pick<Http2Stream, 'on' | 'destroy'>): void {
  stream.on('error', guard);
  stream.destroy(new Error('The request was not served to its end'));
}
