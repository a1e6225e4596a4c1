import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { guard } from './protocol.ts';
import { countListeners } from './overhear.ts';
import { hear, unhear } from './hear.ts';

const answer =
  'HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n';

/**
 * Answers upgrades with `503` where nobody else listens for them.
 *
 * @returns What ends it.
 */
export function refuseUpgrades(server: EventEmitter): () => void {
  if (countListeners(server, 'upgrade') > 0) return () => {};
  hear(server, 'upgrade', refuse);
  return () => unhear(server, 'upgrade', refuse);
}

function refuse(_request: IncomingMessage, socket: Duplex): void {
  // Node listens to it no more.
  socket.on('error', guard);
  socket.once('finish', () => socket.destroy());
  socket.end(answer);
}
