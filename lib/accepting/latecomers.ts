import type { EventEmitter } from 'node:events';
import { harmless } from '../primitives/harmless.ts';
import type { Protocol } from '../protocols/protocol.ts';
import { hear, unhear } from '../primitives/hear.ts';

/**
 * Refuses what still comes of connections that are open when a loop is over: the next request of
 * an HTTP connection, a TLS handshake that was not known. They would hang: nobody listens any more.
 * One listener does it, until the server has closed or listens again.
 *
 * @returns What ends it.
 */
export function refuseLatecomers(server: EventEmitter, connections: Protocol): () => void {
  const refuse = harmless((...args) => {
    const connection: unknown = connections.accept(...args);
    if (connections.refuseLate) connections.refuseLate(connection);
    else connections.refuse(connection);
  });
  const stop = (): void => {
    unhear(server, connections.event, refuse);
    unhear(server, 'close', stop);
    unhear(server, 'listening', stop);
  };
  hear(server, connections.event, refuse);
  hear(server, 'close', stop);
  hear(server, 'listening', stop);
  return stop;
}
