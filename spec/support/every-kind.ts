import { type EventEmitter, once } from 'node:events';
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  createSecureServer,
  createServer as createHttp2,
  type Http2ServerRequest,
  type Http2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer as createHttps } from 'node:https';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTls } from 'node:tls';
import { type WebSocket, WebSocketServer } from 'ws';
import { answers } from './answers.ts';
import { certificate } from './certificate.ts';
import {
  asked,
  type Listening,
  type Visit,
  visitHttp2,
  visitSocket,
  visitWebSocket,
} from './visits.ts';

/** A function that is called with the arguments of an event. */
export type Listener = (...args: never[]) => unknown;

/** An event on the way of a client, at which its owner may end it. */
export interface Gate {
  readonly name: string;
  readonly event: string;
  /** Whether the HTTP server emits it, or the `WebSocketServer` that is attached to it. */
  readonly of: 'server' | 'webSocketServer';
  /** Ends the connection that the event has brought. */
  readonly destroy: Listener;
}

/** A way in which clients come. */
export interface Way {
  readonly visit: Visit;
  readonly gates: readonly Gate[];
  /**
   * The events that bring its connections, with listeners that answer. The first is the default.
   */
  readonly events: Readonly<Record<string, Listener>>;
  /** Whether `serve` and `acceptLoop` cannot be asked for this event. */
  readonly isOwners?: boolean;
}

export interface Kind {
  /** `undefined` for a `WebSocketServer` with its own port. */
  readonly create?: () => Server;
  readonly attach?: (server: Server | undefined) => WebSocketServer;
  readonly ways: Readonly<Record<string, Way>>;
}

function gate(event: string, destroy: Listener, how = ''): Gate {
  return { name: `'${event}'${how}`, event, of: 'server', destroy };
}

const socketGate = (event: string): Gate => gate(event, (socket: Socket) => socket.destroy());

type Exchange = [request: IncomingMessage, response: ServerResponse];

const raw = socketGate('connection');
const secureRaw = [raw, socketGate('secureConnection')];
const upgradeGate = gate('upgrade', (_: unknown, socket: Socket) => socket.destroy());
const connectGate = gate('connect', (_: unknown, socket: Socket) => socket.destroy());
const requestGates = [
  gate('request', (request: IncomingMessage) => request.destroy(), ' by the request'),
  gate('request', (...[, response]: Exchange) => response.destroy(), ' by the response'),
  gate('request', ({ socket }: IncomingMessage) => socket.destroy(), ' by the socket'),
];
const sessionGates = [
  gate('session', (session: Http2Session) => session.destroy()),
  gate('stream', (stream: ServerHttp2Stream) => stream.destroy()),
];
const exchangeGates = (event: string): Gate[] => [
  gate(event, ({ stream }: Http2ServerRequest) => stream.destroy(), ' by the stream'),
  gate(event, ({ stream }: Http2ServerRequest) => stream.session?.destroy(), ' by the session'),
];

/**
 * @param hasHttp2 - Whether the server is an HTTP/2 server, whose upgrades are left to its owner.
 */
function http1Ways(isSecure: boolean, hasHttp2 = false): Kind['ways'] {
  const way = (words: string, gates: readonly Gate[], event: string, answer: Listener): Way => ({
    visit: visitSocket(isSecure, words),
    gates: [...(isSecure ? secureRaw : [raw]), ...gates],
    events: { [event]: answer },
  });
  return {
    request: way(asked.request, requestGates, 'request', answers.request),
    upgrade: {
      ...way(asked.upgrade, [upgradeGate], 'upgrade', answers.tunnel),
      isOwners: hasHttp2,
    },
    CONNECT: way(asked.connect, [connectGate], 'connect', answers.tunnel),
  };
}

function http2Way(isSecure: boolean, events: Way['events'], name: 'request' | 'connect'): Way {
  const connect = { ':method': 'CONNECT', ':authority': 'localhost:1' };
  return {
    visit: visitHttp2(isSecure, name === 'connect' ? connect : {}),
    gates: [...(isSecure ? secureRaw : [raw]), ...sessionGates, ...exchangeGates(name)],
    events,
  };
}

function http2Ways(isSecure: boolean): Kind['ways'] {
  const { request, stream, session, http2Tunnel } = answers;
  return {
    request: http2Way(isSecure, { request, stream, session }, 'request'),
    CONNECT: http2Way(isSecure, { connect: http2Tunnel }, 'connect'),
  };
}

const webSocketGate: Gate = {
  ...gate('connection', (webSocket: WebSocket) => webSocket.terminate(), ' of the WebSocket'),
  of: 'webSocketServer',
};

function webSocketWays(gates: readonly Gate[]): Kind['ways'] {
  const events = { connection: answers.webSocket };
  return { WebSocket: { visit: visitWebSocket, gates: [...gates, webSocketGate], events } };
}

const attach = (server: Server | undefined): WebSocketServer =>
  new WebSocketServer({ server: server as ReturnType<typeof createHttp> });

const socketWay = (isSecure: boolean, gates: readonly Gate[], event: string): Kind['ways'] => ({
  socket: { visit: visitSocket(isSecure), gates, events: { [event]: answers.socket } },
});

const both = { ...certificate, allowHTTP1: true };

/** Every kind of server, and how its clients come. */
export const everyKind: Readonly<Record<string, Kind>> = {
  net: { create: () => createServer(), ways: socketWay(false, [raw], 'connection') },
  tls: {
    create: () => createTls(certificate),
    ways: socketWay(true, secureRaw, 'secureConnection'),
  },
  http: { create: () => createHttp(), ways: http1Ways(false) },
  https: { create: () => createHttps(certificate), ways: http1Ways(true) },
  h2c: { create: () => createHttp2(), ways: http2Ways(false) },
  h2: { create: () => createSecureServer(certificate), ways: http2Ways(true) },
  'h2 beside HTTP/1': {
    create: () => createSecureServer(both),
    ways: { request: http2Way(true, { request: answers.request }, 'request') },
  },
  'HTTP/1 beside h2': {
    create: () => createSecureServer(both),
    ways: http1Ways(true, true),
  },
  'a WebSocketServer on http': {
    create: () => createHttp(),
    attach,
    ways: webSocketWays([raw, upgradeGate]),
  },
  'a WebSocketServer with a port': {
    attach: () => new WebSocketServer({ port: 0, host: '127.0.0.1' }),
    ways: webSocketWays([]),
  },
};

/** The object to serve or drain, and the server that has its connections. */
export interface Opened {
  readonly target: EventEmitter & Listening;
  readonly server: Server | undefined;
}

/**
 * Opens a server of a kind.
 *
 * @param prepare - Called with each emitter as soon as it is created.
 */
export async function open(
  { create, attach: make }: Kind,
  prepare: (emitter: EventEmitter, of: Gate['of']) => void,
): Promise<Opened> {
  const server = create?.();
  if (server) prepare(server, 'server');
  const webSocketServer = make?.(server);
  if (webSocketServer) prepare(webSocketServer, 'webSocketServer');
  server?.listen(0, '127.0.0.1');
  const target = webSocketServer ?? server;
  if (target === undefined) throw new Error('Cannot open a server: the kind has none');
  await once(target, 'listening');
  return { target, server };
}
