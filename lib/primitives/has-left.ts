import { warn } from './warn.ts';

const warned = new WeakSet<object>();

/** What tells it. A stream that is no socket has none of the last two. */
interface Leaving {
  readonly destroyed?: boolean;
  readonly closed?: boolean;
  readonly pending?: boolean;
  readonly connecting?: boolean;
}

/**
 * Whether a socket has gone, though nobody may have heard of it. An owner that takes a socket over
 * may call `removeAllListeners()` on it; and of one that was sent to another process Node says no
 * `'close'`: it has no handle any more.
 */
export function hasLeft(socket: Leaving): boolean {
  try {
    if (socket.closed === true) return true;
    return socket.pending === true && !socket.connecting && !socket.destroyed;
  } catch (error) {
    // A getter of its owner's, which is told of it once.
    if (!warned.has(socket)) warn(error);
    warned.add(socket);
    return false;
  }
}
