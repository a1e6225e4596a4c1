import { isMainThread } from 'node:worker_threads';
import { shared, type Subscribe } from '../primitives/shared.ts';

/** The IPC channel in this process, as in Node and Deno. Bun does not count listeners. */
interface Channel {
  ref(): void;
  unref(): void;
  refCounted?(): void;
  unrefCounted?(): void;
}

const nothing = (): void => {};

/**
 * Calls back with each message on the IPC channel, if the process was started with a channel.
 *
 * A listener for `'message'` or `'disconnect'` keeps the process alive. This listener does not, and
 * the other listeners still do.
 */
export const onIpcMessage: Subscribe<[message: unknown]> = shared((tell) => {
  // A thread has no channel. On Deno, to read it there throws.
  if (!isMainThread || !process.channel) return nothing;
  const listener = (message: unknown): void => tell(message);
  process.on('message', listener);
  const stopHiding = hideFromChannel();
  return () => {
    stopHiding();
    process.off('message', listener);
  };
});

/**
 * Lets the process end although a listener for `'message'` or `'disconnect'` has just been added.
 *
 * @returns A function that undoes this. Call it before you remove the listener.
 */
export function hideFromChannel(): () => void {
  const channel = process.channel as Channel | null | undefined;
  if (!channel) return nothing;
  return channel.unrefCounted ? hide(channel) : unref(channel);
}

/**
 * Leaves one listener out of the channel's count, by methods that Node has since version 14 and
 * does not document. The channel's `unref()` would end the counting for good: after it, no listener
 * would keep the process alive.
 */
function hide(channel: Channel): () => void {
  channel.unrefCounted?.();
  return () => channel.refCounted?.();
}

/**
 * Lets the process end until other code adds a listener. From then on the process stays alive,
 * because Bun does not report when a listener is removed.
 */
function unref(channel: Channel): () => void {
  const events: (string | symbol)[] = ['message', 'disconnect'];
  const count = events.reduce((sum, event) => sum + process.listenerCount(event), 0);
  // One of them is the listener that the caller has added.
  if (count > 1) return nothing;
  channel.unref();
  const onNewListener = (event: string | symbol): void => {
    if (events.includes(event)) channel.ref();
  };
  process.on('newListener', onNewListener);
  return () => process.off('newListener', onNewListener);
}
