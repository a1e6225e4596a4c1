import { warn } from './warn.ts';

const warned = new WeakSet<object>();

/** The properties that tell it. A stream that is not a socket has none of the last two. */
interface Leaving {
  readonly destroyed?: boolean;
  readonly closed?: boolean;
  readonly pending?: boolean;
  readonly connecting?: boolean;
}

/**
 * Whether a socket has gone, even if no listener was told. There are two such cases:
 *
 * - An owner that takes a socket over may call `removeAllListeners()` on it.
 * - For a socket that was sent to another process, Node emits no `'close'`. Such a socket has no
 *   handle any more.
 */
export function hasLeft(socket: Leaving): boolean {
  try {
    if (socket.closed === true) return true;
    return socket.pending === true && !socket.connecting && !socket.destroyed;
  } catch (error) {
    // The owner has replaced a getter, and it has thrown. One warning for each socket is enough.
    if (!warned.has(socket)) warn(error);
    warned.add(socket);
    return false;
  }
}
