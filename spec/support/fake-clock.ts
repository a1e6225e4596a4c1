/** A clock in the place of `performance.now()`, which stands still until it is told. */
export interface FakeClock {
  readonly advance: (milliseconds: number) => void;
}

/** Puts the fake there until what is run has settled. Timers are not concerned. */
export async function withFakeClock(run: (clock: FakeClock) => Promise<void>): Promise<void> {
  const own = Object.getOwnPropertyDescriptor(performance, 'now');
  let now = performance.now();
  Object.defineProperty(performance, 'now', { value: () => now, configurable: true });
  try {
    await run({ advance: (milliseconds) => void (now += milliseconds) });
  } finally {
    // Without an own one what is inherited is seen again.
    if (own) Object.defineProperty(performance, 'now', own);
    else Reflect.deleteProperty(performance, 'now');
  }
}
