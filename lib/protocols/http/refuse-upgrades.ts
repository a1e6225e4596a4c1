import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { guard } from '../protocol.ts';
import { countListeners } from './overhear.ts';
import { hear, unhear } from '../../primitives/hear.ts';

const answer =
  'HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n';

/**
 * What refuses the upgrades of each server. There may be several: loops over several
 * `WebSocketServer`s of one HTTP server.
 */
const refusers = new WeakMap<EventEmitter, Set<object>>();

/**
 * Answers upgrades with `503` if no other code listens for them. The socket is guarded in any case:
 * other code may listen for the upgrade, and not for errors.
 *
 * @returns What ends it.
 */
export function refuseUpgrades(server: EventEmitter): () => void {
  const all = refusers.get(server) ?? new Set();
  refusers.set(server, all);
  const onUpgrade = (_request: IncomingMessage, socket: Duplex): void => {
    // Node no longer listens to the socket.
    socket.on('error', guard);
    if (countListeners(server, 'upgrade') > all.size) return;
    // The first of them has answered, if there are several.
    if (!socket.writableEnded) refuse(socket);
  };
  all.add(onUpgrade);
  hear(server, 'upgrade', onUpgrade);
  return () => {
    all.delete(onUpgrade);
    unhear(server, 'upgrade', onUpgrade);
  };
}

/**
 * Does the same after the end of a loop over a `WebSocketServer` that is attached to an HTTP
 * server. It stops when the HTTP server has closed or listens again.
 *
 * If the HTTP server listens and answers requests, upgrades without a listener are left alone. Node
 * hands them to the listeners for `'request'`, as it does with other requests.
 */
export function refuseLateUpgrades(server: EventEmitter & { readonly listening?: boolean }): void {
  const isAnswered = countListeners(server, 'request') > 0;
  if (server.listening && isAnswered && countListeners(server, 'upgrade') === 0) return;
  const stopRefusing = refuseUpgrades(server);
  const stop = (): void => {
    stopRefusing();
    unhear(server, 'close', stop);
    unhear(server, 'listening', stop);
  };
  hear(server, 'close', stop);
  hear(server, 'listening', stop);
}

function refuse(socket: Duplex): void {
  socket.once('finish', () => socket.destroy());
  socket.end(answer);
}
