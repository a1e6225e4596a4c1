import { shared, type Subscribe } from '../primitives/shared.ts';

/** The process's end of the IPC channel, as Node and Deno have it. Bun does not count. */
interface Channel {
  ref(): void;
  unref(): void;
  refCounted?(): void;
  unrefCounted?(): void;
}

const nothing = (): void => {};

/**
 * Calls back with each message over the IPC channel, if the process was started with one.
 *
 * A listener for `'message'` keeps the process alive, as one for `'disconnect'` does. This one does
 * not, and others still do.
 */
export const onIpcMessage: Subscribe<[message: unknown]> = shared((tell) => {
  if (!process.channel) return nothing;
  const listener = (message: unknown): void => tell(message);
  process.on('message', listener);
  const stopHiding = hideFromChannel();
  return () => {
    stopHiding();
    process.off('message', listener);
  };
});

/**
 * Keeps one listener for `'message'` or `'disconnect'`, which has just been added, from holding the
 * process.
 *
 * @returns What lets it hold the process again: call it before the listener is taken off.
 */
export function hideFromChannel(): () => void {
  const channel = process.channel as Channel | null | undefined;
  if (!channel) return nothing;
  return channel.unrefCounted ? hide(channel) : unref(channel);
}

/**
 * Keeps one listener out of the count, by methods that are there since Node 14 and documented
 * nowhere. The channel's `unref()` would end the counting for good: no listener would hold the
 * process any more.
 */
function hide(channel: Channel): () => void {
  channel.unrefCounted?.();
  return () => channel.refCounted?.();
}

/** Holds the process from when somebody else listens: Bun does not tell when they stop. */
function unref(channel: Channel): () => void {
  const events: (string | symbol)[] = ['message', 'disconnect'];
  const count = events.reduce((sum, event) => sum + process.listenerCount(event), 0);
  // One is ours.
  if (count > 1) return nothing;
  channel.unref();
  const onNewListener = (event: string | symbol): void => {
    if (events.includes(event)) channel.ref();
  };
  process.on('newListener', onNewListener);
  return () => process.off('newListener', onNewListener);
}
