import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { EventEmitter } from 'node:events';
import { createServer as createHttp, type IncomingMessage } from 'node:http';
import { createSecureServer as createHttp2, createServer as createH2c } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer as createNet, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { createServer as createTls } from 'node:tls';
import { WebSocketServer } from 'ws';
import { certificate } from '../../../support/certificate.ts';
import type { Where } from '../clients/client.ts';
import { familyOf, isUnix, type Kind, type Tuning } from '../plan.ts';
import { nothing } from './occasion.ts';
import { tune } from './tune.ts';

/** A server that listens. */
export interface Scene {
  readonly kind: Kind;
  /** What is handed to `acceptLoop`, `serve` or `drain`. */
  readonly subject: Server;
  /** What has the listener; a `WebSocketServer` with a port keeps it to itself. */
  readonly listener: Server | undefined;
  readonly where: Where;
  /** The sockets that are open. */
  readonly sockets: ReadonlySet<Socket>;
  /** Resolves when the first client has come. */
  readonly arrival: Promise<void>;
  /** Bytes that have come. */
  readonly received: () => number;
  /** Ends what is left, by force. */
  readonly raze: () => void;
}

const half = { allowHalfOpen: true };

const creators: Record<Kind, () => Server> = {
  net: () => createNet(half),
  unix: () => createNet(half),
  tls: () => createTls({ ...certificate, ...half }),
  'tls-unix': () => createTls(certificate),
  http: () => createHttp(),
  'http-lenient': () => createHttp({ insecureHTTPParser: true }),
  'http-unix': () => createHttp(),
  https: () => createHttps(certificate),
  h2c: () => createH2c({ settings: { enableConnectProtocol: true } }),
  h2: () => createHttp2(certificate),
  'h2-http1': () => createHttp2({ ...certificate, allowHTTP1: true }),
  ws: () => createHttp((_, response) => void response.writeHead(426).end()),
  'ws-port': () => createHttp(),
  'ws-none': () => createHttp((_, response) => void response.writeHead(426).end()),
};

let paths = 0;

export async function openScene(kind: Kind, tuning: Tuning): Promise<Scene> {
  const isPort = kind === 'ws-port';
  const listener = isPort ? undefined : creators[kind]();
  const webSockets = familyOf(kind) === 'web socket' ? webSocketServer(kind, listener) : undefined;
  const subject = (webSockets ?? listener) as Server;
  const bound = listener ?? subject;
  if (listener) tune(listener, tuning);
  paths += 1;
  const path = isUnix(kind) ? join(tmpdir(), `fuzz-${process.pid}-${paths}.sock`) : '';
  const listening = new Promise<void>((resolve) => bound.once('listening', resolve));
  if (!isPort) bound.listen(path === '' ? { port: 0, host: '127.0.0.1', backlog: 4096 } : path);
  await listening;
  const port = path === '' ? (bound.address() as AddressInfo).port : 0;
  const followed = follow(listener, subject, port);
  return {
    kind,
    subject,
    listener,
    where: { port, path },
    ...followed,
    raze() {
      for (const webSocket of webSockets?.clients ?? []) webSocket.terminate();
      for (const socket of followed.sockets) socket.destroy();
      (listener as { closeAllConnections?: () => void } | undefined)?.closeAllConnections?.();
    },
  };
}

function webSocketServer(kind: Kind, listener: Server | undefined): WebSocketServer {
  if (listener === undefined) return new WebSocketServer({ port: 0, host: '127.0.0.1' });
  if (kind === 'ws') return new WebSocketServer({ server: listener as never });
  const server = new WebSocketServer({ noServer: true });
  listener.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    server.handleUpgrade(request, socket, head, (webSocket) => {
      server.emit('connection', webSocket, request);
    });
  });
  return server;
}

/** Knows the sockets, of a server that keeps its HTTP server to itself, too. */
function follow(listener: Server | undefined, subject: EventEmitter, port: number) {
  const sockets = new Set<Socket>();
  let received = 0;
  let arrive = nothing;
  const arrival = new Promise<void>((resolve) => (arrive = resolve));
  const add = (socket: Socket): void => {
    arrive();
    sockets.add(socket);
    socket.on('close', () => {
      received += socket.bytesRead;
      sockets.delete(socket);
    });
  };
  if (listener) listener.on('connection', add);
  else {
    const hear = (message: unknown): void => {
      const { socket } = message as { socket: Socket };
      if (socket.localPort === port) add(socket);
    };
    subscribe('net.server.socket', hear);
    subject.on('close', () => unsubscribe('net.server.socket', hear));
  }
  return {
    sockets,
    arrival,
    received: () => [...sockets].reduce((sum, { bytesRead }) => sum + bytesRead, received),
  };
}
