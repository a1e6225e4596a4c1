/** A timer that fires when the test calls `fire()`. */
export interface FakeTimer {
  readonly milliseconds: number;
  readonly isCleared: boolean;
  /** Whether it would keep the process alive. */
  readonly holds: boolean;
  readonly fire: () => void;
}

class Timer implements FakeTimer {
  isCleared = false;
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

function clear(timer: Timer | undefined): void {
  if (timer) timer.isCleared = true;
}

/** Replaces two global functions by fakes during one call. */
function withFakes(
  kind: 'Timeout' | 'Interval',
  run: (timers: readonly FakeTimer[]) => void,
): void {
  const [setName, clearName] = [`set${kind}`, `clear${kind}`] as const;
  const { [setName]: realSet, [clearName]: realClear } = globalThis;
  const timers: FakeTimer[] = [];
  const set = (callback: () => void, milliseconds: number): Timer => {
    const timer = new Timer(callback, milliseconds);
    timers.push(timer);
    return timer;
  };
  Object.assign(globalThis, { [setName]: set, [clearName]: clear });
  try {
    run(timers);
  } finally {
    Object.assign(globalThis, { [setName]: realSet, [clearName]: realClear });
  }
}

/** Replaces `setTimeout` and `clearTimeout` by fakes during one call. */
export function withFakeTimers(run: (timers: readonly FakeTimer[]) => void): void {
  withFakes('Timeout', run);
}

/** The same for `setInterval` and `clearInterval`. */
export function withFakeIntervals(run: (timers: readonly FakeTimer[]) => void): void {
  withFakes('Interval', run);
}
