import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { EventEmitter } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer as createHttp2Server, createServer as createH2c } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import { createServer as createNet, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { createServer as createTls } from 'node:tls';
import { type WebSocket, WebSocketServer } from 'ws';
import { certificate } from '../../support/certificate.ts';
import { listenersOn } from '../../support/listeners.ts';
import { handleRequest, own } from './request-handler.ts';
import { handleStream } from './stream-handler.ts';
import { handleWebSocket } from './web-socket-handler.ts';
import type { Ledger } from './ledger.ts';
import type { Occasion } from './occasion.ts';
import { hasPorts, isHttp2, isStream, isWebSocket, type Kind } from './plan.ts';

/** A server that listens, with its owner's listeners, and what has to be as it was at the end. */
export interface Arena {
  readonly kind: Kind;
  readonly ledger: Ledger;
  /** What is handed to `acceptLoop`, `serve` or `drain`. */
  readonly subject: Server;
  /** What has the listener; the same, but for an attached WebSocket server. */
  readonly listener: Server | undefined;
  /** The event that brings a connection, and what handles it. */
  readonly event: string;
  readonly handle: (connection: unknown, occasion: Occasion) => Promise<void>;
  readonly where: { port: number; path: string };
  /** From now on others may listen. */
  readonly markListeners: () => void;
  /** Listeners that it did not have then, or has no more. */
  readonly leftListeners: () => string[];
  /** Ends by force what is left. */
  readonly raze: () => void;
}

const half = { allowHalfOpen: true };

const creators: Record<Kind, () => Server> = {
  net: () => createNet(half),
  unix: () => createNet(half),
  tls: () => createTls({ ...certificate, ...half }),
  http: () => createServer(),
  https: () => createHttps(certificate),
  h2: () => createHttp2Server({ ...certificate, allowHTTP1: true }),
  h2c: () => createH2c(),
  ws: () => createServer((_, response) => void response.writeHead(426).end()),
  'ws-port': () => createServer(),
};

let sockets = 0;

export async function openArena(kind: Kind, ledger: Ledger): Promise<Arena> {
  const isPort = kind === 'ws-port';
  const listener = isPort ? undefined : creators[kind]();
  const webSockets = isWebSocket(kind) ? webSocketServer(listener) : undefined;
  const subject = (webSockets ?? listener) as Server;
  const event = eventOf(kind);
  // The first one has an HTTP/2 server put a listener of its own in the place of another.
  if (isHttp2(kind)) subject.on('request', nobody).off('request', nobody);
  listener?.on('connection', (socket: Socket) => ledger.accept(socket));
  listener?.on('secureConnection', ({ remotePort = 0 }: Socket) => {
    ledger.securePorts.add(remotePort);
  });
  subject.on(event, () => (ledger.brought += 1));
  if (kind === 'http' || kind === 'https') acceptUpgrades(subject, ledger);
  // An attached WebSocket server takes its own off the HTTP server when it is closed.
  const emitters: EventEmitter[] = [subject];
  let before: Record<string, number>[] = [];
  const path = hasPorts(kind) ? '' : join(tmpdir(), `chaos-${process.pid}-${(sockets += 1)}.sock`);
  const port = await bind(listener ?? subject, path, isPort);
  if (isPort) followAccepted(port, subject, ledger);
  return {
    kind,
    ledger,
    subject,
    listener,
    event,
    handle: handlerOf(kind),
    where: { port, path },
    markListeners: () => void (before = emitters.map((emitter) => listenersOn(emitter))),
    leftListeners: () => emitters.flatMap((emitter, index) => differences(emitter, before[index])),
    raze() {
      // Who was ended before and is still here is held; the others need not have noticed.
      ledger.razedPorts.clear();
      for (const webSocket of webSockets?.clients ?? []) webSocket.terminate();
      for (const [socket, remotePort] of ledger.open) {
        ledger.razedPorts.add(remotePort);
        socket.destroy();
      }
      (listener as { closeAllConnections?: () => void } | undefined)?.closeAllConnections?.();
    },
  };
}

function nobody(): void {}

function eventOf(kind: Kind): string {
  if (kind === 'tls') return 'secureConnection';
  return isStream(kind) || isWebSocket(kind) ? 'connection' : 'request';
}

function handlerOf(kind: Kind): Arena['handle'] {
  if (isStream(kind)) return (socket, occasion) => handleStream(socket as Socket, occasion);
  if (isWebSocket(kind)) {
    return (connection, occasion) => handleWebSocket((connection as [WebSocket])[0], occasion);
  }
  return (exchange, occasion) => {
    const [request, response] = exchange as [IncomingMessage, ServerResponse];
    return handleRequest(request, response, occasion);
  };
}

function webSocketServer(server: Server | undefined): WebSocketServer {
  if (server === undefined) return new WebSocketServer({ port: 0, host: '127.0.0.1' });
  return new WebSocketServer({ server: server as ReturnType<typeof createServer> });
}

/** Of a server that keeps its HTTP server to itself. */
function followAccepted(port: number, server: EventEmitter, ledger: Ledger): void {
  const accept = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    if (socket.localPort === port) ledger.accept(socket);
  };
  subscribe('net.server.socket', accept);
  server.on('close', () => unsubscribe('net.server.socket', accept));
}

function acceptUpgrades(server: Server, ledger: Ledger): void {
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    own(request, socket, { ledger, isServed: false });
  });
}

async function bind(server: Server, path: string, isListening: boolean): Promise<number> {
  const listening = new Promise((resolve) => server.once('listening', () => resolve(undefined)));
  if (!isListening)
    server.listen(path === '' ? { port: 0, host: '127.0.0.1', backlog: 4096 } : path);
  await listening;
  return path === '' ? (server.address() as AddressInfo).port : 0;
}

function differences(emitter: EventEmitter, before: Record<string, number> = {}): string[] {
  const after = listenersOn(emitter);
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names]
    .filter((name) => (before[name] ?? 0) !== (after[name] ?? 0))
    .map((name) => `${name}: ${before[name] ?? 0} before, ${after[name] ?? 0} after`);
}
