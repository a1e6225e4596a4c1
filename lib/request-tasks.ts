import type { ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse, Http2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { guard } from './connection-kind.ts';
import { cutStream } from './cut-stream.ts';
import { onSocketClose } from './on-socket-close.ts';
import type { Exchange } from './request-connections.ts';
import type { Cancel, TaskKind } from './task-kind.ts';

/**
 * Tasks that answer an HTTP request. One lasts until its response has closed, so that a handler may
 * start a pipe into it and return. The socket stays Node's.
 */
export const requestTasks: TaskKind<Exchange> = {
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
