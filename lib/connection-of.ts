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

/** The shape by which a `WebSocketServer` of the package `ws` is known. */
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

/** The servers whose connections are known from the server itself. */
export type ConnectionServer = NetServer | WebSocketServerLike;

/** What a loop over a server of this type yields. */
export type ConnectionOf<Server> = Server extends Http2Server | Http2SecureServer
  ? [request: Http2ServerRequest, response: Http2ServerResponse]
  : // Before that of http, which since @types/node 25 does not see the classes of this one.
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
