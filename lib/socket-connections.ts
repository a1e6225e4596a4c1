import type { Socket } from 'node:net';
import { type ConnectionKind, guard, type Life } from './connection-kind.ts';

/** Connections that are sockets: of a `net.Server`, or of a `tls.Server` after the handshake. */
export function socketConnections(
  event: 'connection' | 'secureConnection',
): ConnectionKind<Socket> {
  return {
    event,
    accept(socket) {
      return guarded(socket as Socket);
    },
    life: (socket): Life => socket,
    isGone: (socket) => socket.destroyed,
    // Left as Node made it: after a pause() a consumer's on('data') would never start.
    release() {},
    refuse: reset,
  };
}

function guarded(socket: Socket): Socket {
  socket.on('error', guard);
  return socket;
}

export type Resettable = Pick<Socket, 'resetAndDestroy' | 'destroy'>;

/** Ends a connection with RST where it has one: over TLS and Unix sockets Node has no reset. */
export function reset(socket: Resettable): void {
  try {
    socket.resetAndDestroy();
  } catch {
    // ERR_INVALID_HANDLE_TYPE
    socket.destroy();
  }
}
