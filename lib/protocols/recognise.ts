import { closesIdleWithListener } from '../primitives/runtime.ts';
import type { EventEmitter } from 'node:events';
import type { Http2Session } from 'node:http2';
import type { Server } from 'node:net';
import { closeServer } from './close-server.ts';
import type { HttpEvents, Protocol } from './protocol.ts';
import { eventProtocol, hasMethods } from './any-event.ts';
import { httpServerOf } from './web-socket/http-server-of.ts';
import { sessionProtocol } from './http/session-event.ts';
import { streamProtocol } from './http/stream-event.ts';
import { tunnelProtocol } from './http/tunnel-event.ts';
import { exchangeProtocol } from './http/exchange.ts';
import { someLastCall } from '../shutdown/last-calls.ts';
import { socketProtocol } from './socket.ts';
import { webSocketProtocol } from './web-socket/web-socket.ts';
import type { WebSocketServer } from './web-socket/clients.ts';
import { attemptOf } from '../primitives/hear.ts';
import { warnOfRejection } from '../primitives/warn-of-rejection.ts';

/** What Node throws when something is closed once more. */
const closedCodes: ReadonlySet<unknown> = new Set([
  'ERR_SERVER_NOT_RUNNING',
  'ERR_SOCKET_DGRAM_NOT_RUNNING',
]);

const connect = tunnelProtocol('connect');
const upgrade = tunnelProtocol('upgrade');

/** What the loop has to know of a kind of server. */
export interface ServerKind {
  /** What it is called in an error message. */
  readonly name: string;
  /** The connections that it brings when no event is asked for. */
  readonly connections: Protocol;
  /** Those of the events that can be asked for. */
  readonly byEvent: Readonly<Record<string, Protocol>>;
  /** Whether TLS handshakes come before its connections. */
  readonly tls: boolean;
  readonly http?: HttpEvents;
  /** Whether idle connections end with the listener, whatever one does: it is closed after them. */
  readonly endsIdle?: boolean;
  /** The HTTP server whose listener it uses, and which brings its connections. */
  readonly host?: EventEmitter | undefined;
  /** Of one whose connections other servers bring: whether one of those takes its last call. */
  readonly isHeld?: () => boolean;
  /** Whether its `close()` may end what it has brought: it is closed after that. */
  readonly closesLast?: boolean;
  /** Whether its listener is open; `undefined` if nothing but `'close'` tells. */
  isListening(): boolean | undefined;
  /** Closes its listener, and nothing else: not the HTTP/2 sessions that are open. */
  close(sessions?: Iterable<Http2Session>): void;
}

/**
 * Tells the kind of a server from its shape, so that no module has to be loaded for kinds that are
 * not there, a package's server needs no import, and Bun's `http.Server`, which is no `net.Server`,
 * is one too.
 *
 * @returns `undefined` for an emitter of another kind.
 */
export function serverKind(server: EventEmitter): ServerKind | undefined {
  if (hasMethods(server, ['handleUpgrade', 'shouldHandle', 'close'])) {
    return webSocketServer(server as WebSocketServer);
  }
  const tls = 'addContext' in server || 'setSecureContext' in server;
  if ('updateSettings' in server) return http2Server(server as EventEmitter as Server, tls);
  // An owner may have set the properties of one on any other.
  if ('headersTimeout' in server && hasMethods(server, ['setTimeout'])) {
    return httpServer(server as EventEmitter as Server, tls);
  }
  // What listens in other ways, such as a socket of node:dgram or an application, has not all of these.
  if (!hasMethods(server, ['listen', 'address', 'getConnections', 'close'])) return undefined;
  return socketServer(server as Server, tls);
}

/** The kind of an emitter of which nothing is known but the event that it is asked for. */
export function emitterKind(emitter: EventEmitter, event: string): ServerKind {
  const { listening, close } = emitter as EventEmitter & { listening?: unknown; close?: unknown };
  const connections = eventProtocol(event);
  return {
    name: 'emitter',
    connections,
    byEvent: { [event]: connections },
    tls: false,
    closesLast: typeof close === 'function',
    isListening: () =>
      typeof listening === 'boolean'
        ? attemptOf(emitter, 'listening', () => Boolean(Reflect.get(emitter, 'listening')))
        : undefined,
    close: () => {
      if (typeof close === 'function') closeEmitter(() => Reflect.apply(close, emitter, []));
    },
  };
}

/** Somebody may have closed it: `node:dgram` throws then. */
function closeEmitter(close: () => unknown): void {
  try {
    warnOfRejection(close(), saysClosed);
  } catch (error) {
    if (!saysClosed(error)) throw error;
  }
}

function saysClosed(error: unknown): boolean {
  return closedCodes.has((Object(error) as NodeJS.ErrnoException).code);
}

function socketServer(server: Server, tls: boolean): ServerKind {
  const event = tls ? 'secureConnection' : 'connection';
  return {
    name: tls ? 'tls' : 'net',
    connections: socketProtocol(event),
    byEvent: { [event]: eventProtocol(event) },
    tls,
    ...listenerOf(server),
  };
}

function httpServer(server: Server, tls: boolean): ServerKind {
  return {
    name: tls ? 'https' : 'http',
    connections: exchangeProtocol,
    byEvent: { request: exchangeProtocol, connect, upgrade },
    tls,
    http: { socket: tls ? 'secureConnection' : 'connection' },
    endsIdle: closesIdleWithListener,
    ...listenerOf(server),
  };
}

function http2Server(server: Server, tls: boolean): ServerKind {
  return {
    name: 'http2',
    connections: exchangeProtocol,
    byEvent: {
      request: exchangeProtocol,
      stream: streamProtocol,
      session: sessionProtocol,
      connect,
    },
    tls,
    // With allowHTTP1 a secure one has both.
    http: { session: 'session', ...(tls && { socket: 'secureConnection' }) },
    ...listenerOf(server),
  };
}

function webSocketServer(server: WebSocketServer): ServerKind {
  const host = httpServerOf(server);
  const hasNone = server.options?.noServer === true;
  // Which ones hand it upgrades is not known.
  const isHost = host ? (one: unknown) => one === host : isHttp;
  return {
    host,
    ...((host || hasNone) && { isHeld: () => someLastCall(isHost) }),
    name: 'WebSocket',
    connections: webSocketProtocol,
    byEvent: { connection: webSocketProtocol },
    tls: false,
    // With `noServer` it has no address, and throws when it is asked for one.
    isListening: () =>
      hasNone ? undefined : attemptOf(server, 'address', () => server.address() !== null),
    close: () => warnOfRejection(server.close()),
  };
}

function isHttp(server: EventEmitter): boolean {
  return serverKind(server)?.http !== undefined;
}

function listenerOf(server: Server): Pick<ServerKind, 'isListening' | 'close'> {
  return {
    isListening: () => attemptOf(server, 'listening', () => server.listening),
    close: (sessions) => closeServer(server, sessions),
  };
}
