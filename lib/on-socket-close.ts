import type { EventEmitter } from 'node:events';

const waiting = new WeakMap<EventEmitter, Set<() => void>>();

/**
 * Calls back once when a socket closes that many may wait for: it carries a single listener,
 * because Node warns at the eleventh of an emitter, and a client may pipeline a hundred requests.
 *
 * @returns What takes the callback back.
 */
export function onSocketClose(socket: EventEmitter, callback: () => void): () => void {
  let callbacks = waiting.get(socket);
  if (callbacks === undefined) {
    const all = new Set<() => void>();
    callbacks = all;
    waiting.set(socket, all);
    socket.once('close', () => {
      waiting.delete(socket);
      for (const each of all) each();
    });
  }
  callbacks.add(callback);
  return () => void callbacks.delete(callback);
}
