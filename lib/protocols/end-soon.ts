import { Socket } from 'node:net';
import { attempt } from '../primitives/attempt.ts';
import { closesAtOnce } from '../primitives/runtime.ts';
import { guard } from './protocol.ts';

/** Connections that are ending. Each further `destroySoon()` would add a listener. */
const ending = new WeakSet<object>();

/**
 * Ends a connection once all written bytes have left. An HTTP server takes any `Duplex` as a
 * connection. If that has no `destroySoon()`, this calls `end()`.
 */
export function endSoon(
  socket: Partial<Pick<Socket, 'destroySoon'>> & Pick<Socket, 'end' | 'on'>,
): void {
  if (ending.has(socket)) return;
  ending.add(socket);
  // Its owner may have removed all listeners from it, also Node's.
  socket.on('error', guard);
  attempt(() => (socket.destroySoon ? socket.destroySoon() : socket.end()));
}

/**
 * Ends a connection that has been idle, once its input has been read. A TCP socket of Node that has
 * nothing left to write is closed at once, with a FIN.
 */
export function endIdle(socket: Socket): void {
  const isPlain = closesAtOnce && socket instanceof Socket && !('encrypted' in socket);
  if (isPlain && socket.writableLength === 0 && !socket.writableEnded)
    attempt(() => socket.destroy());
  else endSoon(socket);
}
