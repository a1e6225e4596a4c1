import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { ServerKind } from './server-kind.ts';
import { hear, unhear } from './hear.ts';

/**
 * Ends TLS connections whose handshake has failed, or takes longer than the server's
 * `handshakeTimeout`. A `tls.Server` only tells of them, and one that never speaks would stay open
 * for ever; servers of HTTP end theirs, or tell of them by `'clientError'`, whose listener is to.
 *
 * @returns What stops that.
 */
export function endFailedHandshakes(server: EventEmitter, { tls, http }: ServerKind): () => void {
  if (!tls || http !== undefined) return () => {};
  hear(server, 'tlsClientError', end);
  return () => unhear(server, 'tlsClientError', end);
}

function end(_error: Error, socket: Socket): void {
  socket.destroy();
}
