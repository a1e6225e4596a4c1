import type { Socket } from 'node:net';
import { attempt } from '../primitives/attempt.ts';
import { guard } from './protocol.ts';

/** Each further `destroySoon()` would add a listener. */
const ending = new WeakSet<object>();

/**
 * Ends a connection when what was written has left. An HTTP server takes any `Duplex` for one, in
 * which case Node's own end is all there is.
 */
export function endSoon(
  socket: Partial<Pick<Socket, 'destroySoon'>> & Pick<Socket, 'end' | 'on'>,
): void {
  if (ending.has(socket)) return;
  ending.add(socket);
  // Its owner may have taken all listeners off it, Node's among them.
  socket.on('error', guard);
  attempt(() => (socket.destroySoon ? socket.destroySoon() : socket.end()));
}
