import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import type { ConnectionKind, Life } from './connection-kind.ts';

/** An HTTP request with its response, of HTTP/1 or of HTTP/2's compatibility API. */
export type Exchange = [request: IncomingMessage, response: ServerResponse];

/**
 * Connections that are requests. The socket under them is Node's: its server listens to the
 * socket's errors, so there is no guard here.
 */
export const requestConnections: ConnectionKind<Exchange> = {
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
  release() {},
  refuse: answerUnavailable,
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
