import type { EventEmitter } from 'node:events';
import { harmless } from './harmless.ts';
import type { Protocol } from './protocol.ts';

/**
 * Refuses what still comes of connections that are open when a loop is over: the next request of
 * an HTTP connection, a TLS handshake that was not known. They would hang: nobody listens any more.
 * One listener does it, until the server has closed or listens again.
 */
export function refuseLatecomers(server: EventEmitter, connections: Protocol): void {
  const refuse = harmless((...args) => connections.refuse(connections.accept(...args)));
  const stop = (): void => {
    server.off(connections.event, refuse);
    server.off('close', stop);
    server.off('listening', stop);
  };
  server.on(connections.event, refuse);
  server.on('close', stop);
  server.on('listening', stop);
}
