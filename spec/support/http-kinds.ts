import { createServer, type Server } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import { connect as connectSocket, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { certificate } from './certificate.ts';
import { type Ending, follow, portOf } from './sockets.ts';

/** A way to listen for HTTP/1. */
export interface HttpKind {
  readonly isSecure: boolean;
  /** All of them, also the HTTP/2 server, bring requests and responses of HTTP/1 here. */
  readonly create: () => Server;
}

/** Every way to listen for HTTP/1. */
export const httpKinds: Readonly<Record<string, HttpKind>> = {
  http: { isSecure: false, create: () => createServer() },
  https: { isSecure: true, create: () => createHttps(certificate) },
  'http2 beside HTTP/1': {
    isSecure: true,
    create: () => createSecureServer({ ...certificate, allowHTTP1: true }) as object as Server,
  },
  'http with a lenient parser': {
    isSecure: false,
    create: () => createServer({ insecureHTTPParser: true }),
  },
};

/** An HTTP/1 client that writes only the bytes that it is given. */
export interface RawClient {
  readonly socket: Socket;
  readonly ending: Promise<Ending>;
}

/** Opens a client that writes `words` and reads to the end. */
export function say(server: Server, isSecure: boolean, words: string): RawClient {
  const where = { port: portOf(server), host: '127.0.0.1' };
  const secure = { ca: certificate.cert, servername: 'localhost', ALPNProtocols: ['http/1.1'] };
  const socket = isSecure ? connectSecure({ ...where, ...secure }) : connectSocket(where);
  const ending = follow(socket);
  socket.write(words);
  return { socket, ending };
}
