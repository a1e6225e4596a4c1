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
 * @returns What ends it; `undefined` if somebody does.
 */
export function refuseUpgrades(server: EventEmitter): (() => void) | undefined {
  if (countListeners(server, 'upgrade') > 0) return undefined;
  const onUpgrade = (_request: IncomingMessage, socket: Duplex): void => {
    // It may have become somebody else's.
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
  if (server.listening && countListeners(server, 'request') > 0) return;
  const stopRefusing = refuseUpgrades(server);
  if (stopRefusing === undefined) return;
  const stop = (): void => {
    stopRefusing();
    unhear(server, 'close', stop);
    unhear(server, 'listening', stop);
  };
  hear(server, 'close', stop);
  hear(server, 'listening', stop);
}

function refuse(socket: Duplex): void {
  // Node listens to it no more.
  socket.on('error', guard);
  socket.once('finish', () => socket.destroy());
  socket.end(answer);
}
