import type { EventEmitter } from 'node:events';
import type { Server } from 'node:net';
import { hasMethods } from './any-event.ts';
import { http2Server, httpServer } from './http/http-server.ts';
import type { KnownServer } from './known-server.ts';
import { netServer, tlsServer } from './socket-server.ts';
import type { WebSocketServer } from './web-socket/clients.ts';
import { WebSocketServers } from './web-socket/servers.ts';
import { webSocketServer } from './web-socket/web-socket-server.ts';

/**
 * Tells what a server is from its shape, so that no module has to be loaded for kinds that are not
 * there, a package's server needs no import, and Bun's `http.Server`, which is no `net.Server`, is one
 * too.
 *
 * @returns `undefined` for an emitter of another kind.
 */
export function recognise(server: EventEmitter): KnownServer | undefined {
  if (hasMethods(server, ['handleUpgrade', 'shouldHandle', 'close'])) {
    return withClients(server, webSocketServer(server as WebSocketServer, hasRequests));
  }
  const ofNode = server as Server;
  const isSecure = 'addContext' in server || 'setSecureContext' in server;
  if ('updateSettings' in server) {
    return withClients(server, http2Server(ofNode, isSecure));
  }
  // An owner may have set the properties of one on any other.
  if ('headersTimeout' in server && hasMethods(server, ['setTimeout'])) {
    return withClients(server, httpServer(ofNode, isSecure));
  }
  // What listens in other ways, such as a socket of node:dgram or an application, has not all of these.
  if (!hasMethods(server, ['listen', 'address', 'getConnections', 'close'])) return undefined;
  return isSecure ? tlsServer(ofNode) : netServer(ofNode);
}

function withClients(server: EventEmitter, known: KnownServer): KnownServer {
  return { ...known, upgraded: (host) => new WebSocketServers(server, known, host) };
}

function hasRequests(server: EventEmitter): boolean {
  return recognise(server)?.carriers !== undefined;
}
