import type { EventEmitter } from 'node:events';
import type { Server } from 'node:net';

/** Counts the calls of a server's `close()`. */
export function countCloses(server: Server): () => number {
  let closes = 0;
  const close = server.close.bind(server);
  server.close = (...args): Server => {
    closes += 1;
    return close(...args);
  };
  return () => closes;
}

/** Counts how often an emitter emits `'close'`. */
export function countCloseEvents(emitter: EventEmitter | undefined): () => number {
  let closes = 0;
  emitter?.on('close', () => (closes += 1));
  return () => closes;
}
