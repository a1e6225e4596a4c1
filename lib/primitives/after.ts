/** The longest time of a timer, in milliseconds. With a longer one, Node's timer fires at once. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Calls `callback` after a time.
 *
 * @param milliseconds - If this is longer than a timer can wait (24 days), or `Infinity`, no timer
 * is set and `callback` is never called.
 * @returns The timer, for `clearTimeout()` and `unref()`, or `undefined` if none is set.
 */
export function after(milliseconds: number, callback: () => void): NodeJS.Timeout | undefined {
  if (milliseconds > LONGEST_MS) return undefined;
  return setTimeout(callback, Math.max(0, milliseconds));
}
