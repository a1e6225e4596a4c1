import { REFUSED_BODY_MS, RETRY_AFTER_S } from '../../bounds.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerResponse, Http2Stream } from 'node:http2';
import { cutExchange } from './cut-exchange.ts';
import { hasLeft } from '../../primitives/has-left.ts';
import { letUploadArrive } from './let-upload-arrive.ts';
import { onSocketClose } from './on-socket-close.ts';
import { requestLineOf } from './request-line.ts';
import { type Closable, guard, type Life, type Protocol } from '../protocol.ts';
import { warnOfRejection } from '../../primitives/warn-of-rejection.ts';

const nothing = (): void => {};

/** A request with its response, of HTTP/1 or of HTTP/2's compatibility API. */
export type Exchange = [request: IncomingMessage, response: ServerResponse];

/**
 * Whether Node has made the response for HTTP/2. The request's `httpVersionMajor` does not tell: it
 * is what the client has written, and HTTP/1 accepts the request line `GET / HTTP/2.0`.
 */
export function isHttp2(response: object): boolean {
  return 'createPushResponse' in response;
}

/** The stream under a response of HTTP/2. */
export function streamOf(response: object): Http2ServerResponse['stream'] | undefined {
  return isHttp2(response) ? (response as Http2ServerResponse).stream : undefined;
}

/**
 * Connections that are requests. Node owns the socket under them and listens for its errors, so
 * that no guard is needed. A task lasts until its response has closed: a handler may start a pipe
 * into the response and return.
 */
export const exchangeProtocol: Protocol<Exchange> = {
  event: 'request',
  isCarried: true,
  accept: (args) => (args.length === 2 ? args : args.slice(0, 2)) as Exchange,
  life: lifeOf,
  isGone: ([request, response]) =>
    // A response of HTTP/2 has no `destroyed`.
    isHttp2(response)
      ? streamOf(response)?.destroyed !== false
      : // For a pipelined response, Node 20 and 22 do not show that its connection is gone.
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
    // HTTP/2 calls a response finished when its stream has closed, in whatever way.
    !response.writableEnded || !response.writableFinished || Boolean(streamOf(response)?.rstCode),
  fail(exchange) {
    const [, response] = exchange;
    if (response.headersSent) {
      destroy(exchange);
      return undefined;
    }
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    response.statusCode = 500;
    // HTTP/2 has no status message: Node would warn.
    if (!isHttp2(response)) response.statusMessage = 'Internal Server Error';
    // Other work of the handler may still answer. After the end, that is an error.
    response.on('error', guard);
    warnOfRejection(response.end());
    return undefined;
  },
};

/**
 * Its `'close'` also comes if the client goes away before it is answered. If the response is
 * pipelined and waits for earlier ones, Node 20 and 22 tell that only on the socket.
 */
function lifeOf([request, response]: Exchange): Life {
  // For an HTTP/2 request, reading `socket` makes a proxy.
  const socket = isHttp2(response) || response.socket ? undefined : request.socket;
  if (!socket) return response;
  let cancel = nothing;
  return {
    on(event, listener) {
      cancel = onSocketClose(socket, listener);
      response.on(event, listener);
    },
    off(event, listener) {
      cancel();
      response.off(event, listener);
    },
  };
}

/** Only the handler ends a response. All else that can be done is to wait, or to use force. */
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
    // For an HTTP/2 request, reading `socket` makes a proxy.
    const socket = isHttp2(response) ? undefined : request.socket;
    if (isOver(response) || socket?.closed) return callback();
    if (!socket || response.socket) {
      response.on('close', callback);
      return;
    }
    // If the response is pipelined and waits for earlier ones, Node 20 and 22 do not tell that its
    // connection is gone.
    const cancel = onSocketClose(socket, callback);
    response.on('close', () => {
      cancel();
      callback();
    });
  }
}

/** Answers `503`, and tells the client that this connection ends. */
function answerUnavailable([request, response]: Exchange): void {
  if (response.headersSent) return;
  const headers: Record<string, string | number> = { 'retry-after': RETRY_AFTER_S };
  // HTTP/2 has no such header: Node would warn.
  if (!isHttp2(response)) {
    headers['connection'] = 'close';
    // A client that sends all of its body before it reads would see a reset.
    letUploadArrive(request, response, request.socket, REFUSED_BODY_MS);
  }
  warnOfRejection(response.writeHead(503, headers));
  warnOfRejection(response.end());
}

/**
 * A pipelined response that waits for earlier ones has no socket yet. It counts as not ended, so
 * that its time to leave does not run.
 */
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
  else if (request.socket) cutExchange(request.socket, request, response);
}

/**
 * Ends an HTTP/2 stream by force, with an error. Without an error the end would be clean, and half
 * an answer would pass for a whole one. So it is when a session is destroyed, and on Bun with
 * `close(code)`.
 */
export function cutStream(stream: Pick<Http2Stream, 'on' | 'destroy'>): void {
  stream.on('error', guard);
  warnOfRejection(stream.destroy(new Error('The request was not served completely')));
}
