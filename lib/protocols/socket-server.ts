import type { Server } from 'node:net';
import { eventProtocol } from './any-event.ts';
import { closeServer } from './close-server.ts';
import type { KnownServer } from './known-server.ts';
import { isListening } from './is-listening.ts';
import { socketProtocol } from './socket.ts';
import { endFailedHandshakes, Handshakes } from './tls.ts';

/** A `net.Server`. */
export function netServer(server: Server): KnownServer {
  return { name: 'net', ...socketServer(server, 'connection') };
}

/** A `tls.Server`. It leaves failed handshakes to a listener. */
export function tlsServer(server: Server): KnownServer {
  return {
    name: 'tls',
    ...socketServer(server, 'secureConnection'),
    handshakes: () => new Handshakes(server),
    endFailedHandshakes: () => endFailedHandshakes(server),
  };
}

function socketServer(
  server: Server,
  event: 'connection' | 'secureConnection',
): Omit<KnownServer, 'name'> {
  return {
    connections: socketProtocol(event),
    byEvent: { [event]: eventProtocol(event) },
    isListening: () => isListening(server),
    close: () => closeServer(server),
  };
}
