import type { Socket } from 'node:net';

/**
 * Ends a connection when what was written has left. An HTTP server takes any `Duplex` for one, in
 * which case Node's own end is all there is.
 */
export function endSoon(socket: Partial<Pick<Socket, 'destroySoon'>> & Pick<Socket, 'end'>): void {
  if (socket.destroySoon) socket.destroySoon();
  else socket.end();
}
