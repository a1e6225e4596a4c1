interface VirtualTimer {
  due: number;
  readonly callback: () => void;
  /** Milliseconds, of one that repeats. */
  readonly interval: number | undefined;
  ref(): VirtualTimer;
  unref(): VirtualTimer;
}

interface Immediate {
  readonly callback: () => void;
}

const names = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
] as const;

const before = Object.fromEntries(names.map((name) => [name, globalThis[name]]));
const ownNow = Object.getOwnPropertyDescriptor(performance, 'now');

/** Whose time it is. */
let current: VirtualClock | undefined;

/**
 * Time as one history has it. While it is installed, the timers and `performance.now()` of the
 * process are its own, and it stands still until it is told to go on. Microtasks and
 * `process.nextTick()` are real.
 */
export class VirtualClock {
  now = 0;
  readonly #timers = new Set<VirtualTimer>();
  readonly #immediates = new Set<Immediate>();

  /** From now on the time of the process is this one. */
  static install(clock: VirtualClock): void {
    // Thousands follow one another: the functions stay, and ask whose time it is.
    if (current === undefined) replaceAll();
    current = clock;
  }

  /** The process has its own time again. */
  static uninstall(): void {
    current = undefined;
    Object.assign(globalThis, before);
    Reflect.deleteProperty(performance, 'now');
    // Bun has it there; elsewhere it is the prototype's.
    if (ownNow) Object.defineProperty(performance, 'now', ownNow);
  }

  get timers(): number {
    return this.#timers.size;
  }

  get immediates(): number {
    return this.#immediates.size;
  }

  /** When the next timer is due; `Infinity` without one. */
  get nextDue(): number {
    return this.#next()?.due ?? Infinity;
  }

  /** One turn of the event loop, so many milliseconds after the last: its immediates. */
  async turn(milliseconds: number, afterEach: () => Promise<void>): Promise<void> {
    this.now += milliseconds;
    // What they set is for the next turn.
    const due = [...this.#immediates];
    for (const immediate of due) {
      // Cleared by one before it.
      if (!this.#immediates.delete(immediate)) continue;
      immediate.callback();
      await afterEach();
    }
  }

  /** Time passes until the next timer, which fires. */
  pass(): void {
    const timer = this.#next();
    if (timer === undefined) return;
    this.now = Math.max(this.now, timer.due);
    if (timer.interval === undefined) this.#timers.delete(timer);
    else timer.due = this.now + timer.interval;
    timer.callback();
  }

  setTimer(callback: () => void, milliseconds: number, interval?: number): VirtualTimer {
    // As Node's: whole milliseconds, so that it may fire before its time.
    const due = this.now + Math.max(1, Math.trunc(milliseconds));
    const timer = { due, callback, interval, ref: itself, unref: itself };
    this.#timers.add(timer);
    return timer;
  }

  setImmediate(callback: () => void): Immediate {
    const immediate = { callback };
    this.#immediates.add(immediate);
    return immediate;
  }

  clear(timer: VirtualTimer & Immediate): void {
    this.#timers.delete(timer);
    this.#immediates.delete(timer);
  }

  #next(): VirtualTimer | undefined {
    let next: VirtualTimer | undefined;
    for (const timer of this.#timers) if (!next || timer.due < next.due) next = timer;
    return next;
  }
}

function itself(this: VirtualTimer): VirtualTimer {
  return this;
}

function clear(timer: VirtualTimer & Immediate): void {
  current?.clear(timer);
}

function replaceAll(): void {
  Object.assign(globalThis, {
    setTimeout: (callback: () => void, milliseconds: number) =>
      current?.setTimer(callback, milliseconds),
    setInterval: (callback: () => void, milliseconds: number) =>
      current?.setTimer(callback, milliseconds, milliseconds),
    setImmediate: (callback: () => void) => current?.setImmediate(callback),
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate: clear,
  });
  const now = { value: () => current?.now, configurable: true, writable: true };
  Object.defineProperty(performance, 'now', now);
}
