import type { EventEmitter } from 'node:events';

const waiting = new WeakMap<EventEmitter, Set<() => void>>();

/**
 * Calls back once when a socket closes. Many may wait for the same socket, because a client may
 * pipeline a hundred requests. Node warns at the eleventh listener, so that the socket gets only
 * one.
 *
 * @returns What takes the callback back.
 */
export function onSocketClose(socket: EventEmitter, callback: () => void): () => void {
  const callbacks = waiting.get(socket) ?? waitFor(socket);
  callbacks.add(callback);
  return () => void callbacks.delete(callback);
}

/**
 * A function of its own. The closures of one call keep alive whatever one of them uses. This one
 * would hold the first callback, with its request, for as long as the connection lives.
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
