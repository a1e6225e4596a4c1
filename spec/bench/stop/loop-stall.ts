/**
 * Watches for how long the event loop stands still: an immediate in each turn looks at the clock. It
 * keeps the loop busy, in every variant alike, and sees each turn, where a timer would see one in a
 * millisecond.
 *
 * @returns What ends it, and tells the longest time between two turns, in milliseconds.
 */
export function watchLoop(): () => number {
  let last = performance.now();
  let longest = 0;
  const look = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  let immediate = setImmediate(function turn() {
    look();
    immediate = setImmediate(turn);
  });
  return () => {
    clearImmediate(immediate);
    look();
    return longest;
  };
}
