/* c8 ignore start -- types alone: nothing of this file is left to run */
import type { Server as HttpServer } from 'node:http';
import type {
  Http2SecureServer,
  Http2Server,
  Http2ServerRequest,
  Http2ServerResponse,
} from 'node:http2';
import type { Server as HttpsServer } from 'node:https';
import type { Server as NetServer, Socket } from 'node:net';
import type { Server as TlsServer, TLSSocket } from 'node:tls';

/** The methods by which a `WebSocketServer` of the package `ws` is recognised. */
export interface WebSocketServerLike<WebSocket = unknown, Request = unknown> {
  handleUpgrade(
    request: Request,
    socket: never,
    head: never,
    callback: (webSocket: WebSocket, request: Request) => void,
  ): void;
  shouldHandle(request: Request): unknown;
  close(): void;
}

/** The servers that need no option `event`: their type says what a connection is. */
export type ConnectionServer = NetServer | WebSocketServerLike;

/** What a loop over a server of this type yields. */
export type ConnectionOf<Server> = Server extends Http2Server | Http2SecureServer
  ? [request: Http2ServerRequest, response: Http2ServerResponse]
  : // Before HttpServer: since @types/node 25, that does not infer the classes of an HttpsServer.
    Server extends HttpsServer<infer Request, infer Response>
    ? [request: InstanceType<Request>, response: InstanceType<Response>]
    : Server extends HttpServer<infer Request, infer Response>
      ? [request: InstanceType<Request>, response: InstanceType<Response>]
      : Server extends TlsServer
        ? TLSSocket
        : Server extends NetServer
          ? Socket
          : Server extends WebSocketServerLike<infer WebSocket, infer Request>
            ? [webSocket: WebSocket, request: Request]
            : never;
