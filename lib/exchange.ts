import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse, Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { onSocketClose } from './on-socket-close.ts';
import { type Cancel, guard, type Life, type Protocol } from './protocol.ts';

/** An HTTP request with its response, of HTTP/1 or of HTTP/2's compatibility API. */
export type Exchange = [request: IncomingMessage, response: ServerResponse];

/**
 * Connections that are requests. The socket under them is Node's: its server listens to the
 * socket's errors, so there is no guard here. A task lasts until its response has closed, so that a
 * handler may start a pipe into it and return.
 */
export const exchangeProtocol: Protocol<Exchange> = {
  event: 'request',
  accept: (request, response) => [request as IncomingMessage, response as ServerResponse],
  // Emitted when the client goes away before it is answered, too.
  life: ([, response]): Life => response,
  isGone: ([request, response]) =>
    request.httpVersionMajor < 2
      ? // Node 20 and 22 say nothing of a pipelined one whose connection is gone.
        response.destroyed || request.socket?.destroyed
      : // A response of HTTP/2 has no such property.
        (response as unknown as Http2ServerResponse).stream.destroyed,
  refuse: answerUnavailable,
  straggler: 'request',
  lastsUntilClosed: true,
  socketOf: ([request]) => request.socket,
  carrierOf: ([request]) =>
    request.httpVersionMajor < 2
      ? request.socket
      : sessionOf(request as unknown as Http2ServerRequest),
  prepare() {},
  closable: (exchange) => ({
    destroy: () => destroy(exchange),
    isClosed: () => isClosed(exchange),
    onClose: (callback) => onClose(exchange, callback),
  }),
  onDeparture([request, response], callback) {
    return onClose([request, response], () => {
      if (response.writableEnded) return;
      const error = request.errored ?? response.errored ?? request.socket?.errored;
      callback(error ?? new Error('The connection is gone'));
    });
  },
  errors: ([request, response]) => [request.errored, response.errored, request.socket?.errored],
  hasFailed: ([, response]) =>
    // HTTP/2 calls a response finished when its stream has closed, however it has.
    !response.writableEnded || !response.writableFinished || Boolean(streamOf(response)?.rstCode),
  fail(exchange) {
    const [request, response] = exchange;
    if (response.headersSent) {
      destroy(exchange);
      return undefined;
    }
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    response.statusCode = 500;
    // HTTP/2 has none: Node would warn.
    if (request.httpVersionMajor < 2) response.statusMessage = 'Internal Server Error';
    // What the handler has begun besides may still answer: after the end, that is an error.
    response.on('error', guard);
    response.end();
    return undefined;
  },
};

/** Seconds after which a refused client may come back: the next instance is there by then. */
const RETRY_AFTER = 1;

/** Answers `503`, and lets the client know that this connection is over. */
function answerUnavailable([request, response]: Exchange): void {
  if (response.headersSent) return;
  const headers: Record<string, string | number> = { 'retry-after': RETRY_AFTER };
  // HTTP/2 has no such header: Node would warn.
  if (request.httpVersionMajor < 2) headers['connection'] = 'close';
  response.writeHead(503, headers);
  response.end();
}

function isClosed([request, response]: Exchange): boolean {
  // A response of HTTP/2 is no Writable, and does not tell.
  if (request.httpVersionMajor >= 2) return streamOf(response)?.destroyed !== false;
  // Deno has no `closed` here.
  const isOver = response.destroyed && response.writableFinished;
  return response.closed || isOver || request.socket?.closed;
}

function onClose(exchange: Exchange, callback: () => void): Cancel {
  const [, response] = exchange;
  if (isClosed(exchange)) {
    callback();
    return () => {};
  }
  const socket = socketOf(exchange);
  let cancelSocket: Cancel | undefined;
  const cancel = (): void => {
    response.off('close', settle);
    cancelSocket?.();
  };
  const settle = (): void => {
    cancel();
    callback();
  };
  response.on('close', settle);
  // Node 20 and 22 say nothing of a pipelined response whose connection is gone.
  if (socket) cancelSocket = onSocketClose(socket, settle);
  return cancel;
}

/** The socket that ends with an exchange of HTTP/1. */
function socketOf([request]: Exchange): Socket | null | undefined {
  return request.httpVersionMajor < 2 ? request.socket : undefined;
}

function destroy([request, response]: Exchange): void {
  if (request.httpVersionMajor < 2) request.socket?.destroy();
  else {
    const stream = streamOf(response);
    if (stream) cutStream(stream);
  }
}

function sessionOf(request: Http2ServerRequest): Http2Session | undefined {
  return request.stream.session;
}

function streamOf(response: ServerResponse): Http2ServerResponse['stream'] | undefined {
  return (response as unknown as Http2ServerResponse).stream;
}

/** What is used of an HTTP/2 stream. */
interface Cuttable {
  on(event: 'error', listener: () => void): unknown;
  destroy(error: Error): unknown;
}

/**
 * Ends an HTTP/2 stream by force. Without an error, as when its session is destroyed, and on Bun
 * with `close(code)`, that is a clean end, and half an answer would pass for a whole one.
 */
export function cutStream(stream: Cuttable): void {
  stream.on('error', guard);
  stream.destroy(new Error('The request was not served to its end'));
}
