import type { EventEmitter } from 'node:events';
import type { Server } from 'node:net';
import { hasMethods } from './any-event.ts';
import { http2Server, httpServer } from './http/http-server.ts';
import type { KnownServer } from './known-server.ts';
import { netServer, tlsServer } from './socket-server.ts';
import { WebSocketServers } from './web-socket/servers.ts';
import { type WebSocketServer, webSocketServer } from './web-socket/web-socket-server.ts';

/**
 * Recognises a server by its shape. There are three reasons:
 *
 * - No module is loaded for a kind of server that is not used.
 * - A server of another package needs no import.
 * - Bun's `http.Server` is recognised, though it is no `net.Server`.
 *
 * @returns `undefined` for an emitter of another kind.
 */
export function recognise(server: EventEmitter): KnownServer | undefined {
  if (hasMethods(server, ['handleUpgrade', 'shouldHandle', 'close'])) {
    return withClients(server, webSocketServer(server as WebSocketServer));
  }
  const ofNode = server as Server;
  const isSecure = 'addContext' in server || 'setSecureContext' in server;
  if ('updateSettings' in server) {
    return withClients(server, http2Server(ofNode, isSecure));
  }
  // An owner may have set the properties of an HTTP server on any other server.
  if ('headersTimeout' in server && hasMethods(server, ['setTimeout'])) {
    return withClients(server, httpServer(ofNode, isSecure));
  }
  // Something that listens in another way lacks one of these methods: a socket of node:dgram, or an
  // application.
  if (!hasMethods(server, ['listen', 'address', 'getConnections', 'close'])) return undefined;
  return isSecure ? tlsServer(ofNode) : netServer(ofNode);
}

function withClients(server: EventEmitter, known: KnownServer): KnownServer {
  return { ...known, upgraded: (host) => new WebSocketServers(server, known, host) };
}
