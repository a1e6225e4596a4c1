/** A repeated timer that fires when it is told to. */
export class FakeInterval {
  isCleared = false;
  /** Whether it would keep the process alive. */
  holds = true;
  readonly fire: () => void;
  readonly milliseconds: number;

  constructor(fire: () => void, milliseconds: number) {
    this.fire = fire;
    this.milliseconds = milliseconds;
  }

  unref(): this {
    this.holds = false;
    return this;
  }
}

function clear(interval: FakeInterval | undefined): void {
  if (interval) interval.isCleared = true;
}

/** Puts fakes in the place of `setInterval` and `clearInterval` for the length of one call. */
export function withFakeIntervals(run: (intervals: readonly FakeInterval[]) => void): void {
  const { setInterval, clearInterval } = globalThis;
  const intervals: FakeInterval[] = [];
  const set = (callback: () => void, milliseconds: number): FakeInterval => {
    const interval = new FakeInterval(callback, milliseconds);
    intervals.push(interval);
    return interval;
  };
  Object.assign(globalThis, { setInterval: set, clearInterval: clear });
  try {
    run(intervals);
  } finally {
    Object.assign(globalThis, { setInterval, clearInterval });
  }
}
