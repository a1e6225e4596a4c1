/** The longest time that a timer can be set to, in milliseconds: Node fires at once beyond it. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Calls `callback` after a time.
 *
 * @param milliseconds - With `Infinity`, and beyond what a timer can wait (24 days), there is no
 * timer and no call.
 * @returns The timer, for `clearTimeout()` and `unref()`.
 */
export function after(milliseconds: number, callback: () => void): NodeJS.Timeout | undefined {
  if (milliseconds > LONGEST_MS) return undefined;
  return setTimeout(callback, Math.max(0, milliseconds));
}
