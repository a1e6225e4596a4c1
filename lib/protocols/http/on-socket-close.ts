import type { EventEmitter } from 'node:events';

const waiting = new WeakMap<EventEmitter, Set<() => void>>();

/**
 * Calls back once when a socket closes that many may wait for: it carries a single listener,
 * because Node warns at the eleventh of an emitter, and a client may pipeline a hundred requests.
 *
 * @returns What takes the callback back.
 */
export function onSocketClose(socket: EventEmitter, callback: () => void): () => void {
  const callbacks = waiting.get(socket) ?? waitFor(socket);
  callbacks.add(callback);
  return () => void callbacks.delete(callback);
}

/**
 * A function of its own: closures of one call keep alive what any of them uses, and this one would
 * hold the first callback, with its request, as long as the connection lives.
 */
function waitFor(socket: EventEmitter): Set<() => void> {
  const callbacks = new Set<() => void>();
  waiting.set(socket, callbacks);
  socket.once('close', () => {
    waiting.delete(socket);
    for (const each of callbacks) each();
  });
  return callbacks;
}
