import type { EventEmitter } from 'node:events';
import { isInLastCall } from '../../shutdown/last-calls.ts';
import { attemptOf } from '../../primitives/hear.ts';
import { warnOfRejection } from '../../primitives/warn-of-rejection.ts';
import { refuseLateUpgrades } from '../http/refuse-upgrades.ts';
import type { KnownServer } from '../known-server.ts';
import { PrivateSockets } from '../private-sockets.ts';
import { type WebSocketLike, webSocketProtocol } from './web-socket.ts';

/** The parts that are used of a `WebSocketServer` of the package `ws`. */
export interface WebSocketServer extends EventEmitter {
  readonly options?: { readonly noServer?: boolean; readonly server?: EventEmitter | null };
  /** Missing without `clientTracking`. */
  readonly clients?: ReadonlySet<WebSocketLike>;
  /** Throws if it has no HTTP server. Returns `null` if that server is not bound. */
  address(): unknown;
  close(): void;
}

/**
 * A `WebSocketServer` of ws. It is attached to an HTTP server, or has a port of its own, or
 * neither: then other code hands it upgrades.
 */
export function webSocketServer(server: WebSocketServer): KnownServer {
  const host = server.options?.server ?? undefined;
  const hasNone = server.options?.noServer === true;
  return {
    name: 'WebSocket',
    connections: webSocketProtocol,
    byEvent: { connection: webSocketProtocol },
    host,
    ...(host && { refuseFromHost: () => refuseLateUpgrades(host) }),
    // Without a host, it is unknown which servers hand it upgrades.
    ...((host || hasNone) && { waitsForHost: () => isInLastCall(host) }),
    ...(host === undefined && { privateSockets: () => new PrivateSockets(server) }),
    // With `noServer` it has no address, and its address() throws.
    isListening: () =>
      hasNone ? undefined : attemptOf(server, 'address', () => server.address() !== null),
    close: () => warnOfRejection(server.close()),
  };
}
