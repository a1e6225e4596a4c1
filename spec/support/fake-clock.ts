/** A fake of `performance.now()`. It stands still until it is advanced. */
export interface FakeClock {
  readonly advance: (milliseconds: number) => void;
}

/** Replaces `performance.now()` by a fake until `run` has settled. Timers stay real. */
export async function withFakeClock(run: (clock: FakeClock) => Promise<void>): Promise<void> {
  const own = Object.getOwnPropertyDescriptor(performance, 'now');
  let now = performance.now();
  Object.defineProperty(performance, 'now', { value: () => now, configurable: true });
  try {
    await run({ advance: (milliseconds) => void (now += milliseconds) });
  } finally {
    // If `performance` had no own `now`, the inherited one is visible again.
    if (own) Object.defineProperty(performance, 'now', own);
    else Reflect.deleteProperty(performance, 'now');
  }
}
