import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { guard } from '../protocol.ts';
import { countListeners } from './overhear.ts';
import { hear, unhear } from '../../primitives/hear.ts';

const answer =
  'HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n';

/**
 * Answers upgrades with `503` where nobody else listens for them. Who else listens may do no more than
 * that: an error of such a socket ends nothing.
 *
 * @returns What ends it.
 */
export function refuseUpgrades(server: EventEmitter): () => void {
  const onUpgrade = (_request: IncomingMessage, socket: Duplex): void => {
    // Node listens to it no more.
    socket.on('error', guard);
    if (countListeners(server, 'upgrade') === 1) refuse(socket);
  };
  hear(server, 'upgrade', onUpgrade);
  return () => unhear(server, 'upgrade', onUpgrade);
}

/**
 * The same when the loop over a `WebSocketServer` that is attached to an HTTP server has ended, until
 * that has closed or listens again. While it listens, and answers requests, upgrades are requests as
 * others are: Node hands them to its `'request'` listeners.
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
