/** What has been done by each tick of a timer and each turn of the event loop. */
export interface Ticks {
  /** How often a timer of the process has fired since then. */
  readonly timers: () => number;
  /** How often the loop has turned between the first thing done and the last. */
  readonly turns: () => number;
  /** How many things were done in the longest stretch without a turn. */
  readonly longest: () => number;
  readonly stop: () => void;
}

/** Counts ticks and turns while many things are done. @param done - How many are. */
export function countTicks(done: () => number): Ticks {
  const seen = [done()];
  let timers = 0;
  const timer = setInterval(() => (timers += 1), 1);
  let immediate = setImmediate(look);
  function look(): void {
    seen.push(done());
    immediate = setImmediate(look);
  }
  const strides = (): number[] => seen.map((count, index) => count - (seen[index - 1] ?? 0));
  return {
    timers: () => timers,
    turns: () => strides().filter((stride) => stride > 0).length,
    longest: () => Math.max(...strides(), done() - (seen.at(-1) ?? 0)),
    stop() {
      clearInterval(timer);
      clearImmediate(immediate);
    },
  };
}
