/** How many things were done in each turn of the event loop, and how often a timer has fired. */
export interface Ticks {
  /** How often a timer has fired since the counting began. */
  readonly timers: () => number;
  /** In how many turns of the event loop something was done. */
  readonly turns: () => number;
  /** The largest number of things that were done without a turn between them. */
  readonly longest: () => number;
  readonly stop: () => void;
}

/** Counts ticks and turns while many things are done. @param done - How many are done so far. */
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
