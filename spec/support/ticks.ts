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
  let seen = done();
  let turns = 0;
  let longest = 0;
  let timers = 0;
  const timer = setInterval(() => (timers += 1), 1);
  let immediate = setImmediate(look);
  function look(): void {
    const stride = done() - seen;
    if (stride > 0) turns += 1;
    longest = Math.max(longest, stride);
    seen += stride;
    immediate = setImmediate(look);
  }
  return {
    timers: () => timers,
    turns: () => turns,
    longest: () => Math.max(longest, done() - seen),
    stop() {
      clearInterval(timer);
      clearImmediate(immediate);
    },
  };
}
