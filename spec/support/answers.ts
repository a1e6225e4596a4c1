import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type {
  Http2ServerRequest,
  Http2ServerResponse,
  Http2Session,
  ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { SERVED } from './visits.ts';

type Exchange = [request: IncomingMessage, response: ServerResponse];
type Http2Exchange = [request: Http2ServerRequest, response: Http2ServerResponse];

function answerStream(stream: ServerHttp2Stream): void {
  if (stream.destroyed) return;
  stream.on('error', () => {});
  stream.respond({ ':status': 200 });
  stream.end(SERVED);
}

function switchOver(_request: IncomingMessage, socket: Socket): void {
  socket.on('error', () => {});
  socket.end(`HTTP/1.1 200 OK\r\n\r\n${SERVED}`);
}

/** Listeners that answer a client, by the kind of connection. */
export const answers = {
  socket: (socket: Socket) => void socket.on('error', () => {}).end(SERVED),
  request: (...[, response]: Exchange) => void response.end(SERVED),
  stream: answerStream,
  session: async (session: Http2Session) => {
    session.on('stream', answerStream);
    if (!session.destroyed) await once(session, 'close');
  },
  tunnel: switchOver,
  http2Tunnel: (...[, { stream }]: Http2Exchange) => answerStream(stream),
  webSocket: async (webSocket: WebSocket) => {
    webSocket.on('error', () => {});
    webSocket.send(SERVED);
    await once(webSocket, 'close');
  },
};
