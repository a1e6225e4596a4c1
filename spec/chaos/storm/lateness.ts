import { now } from './clock.ts';

/** How often to look, in milliseconds. */
const TICK_MS = 10;

/** What a timer is late anyway. */
const USUAL_MS = 3;

/** Measures how late the timers of this process are: a deadline can be kept no better. */
export class Lateness {
  readonly #timer: NodeJS.Timeout;
  readonly #late: [at: number, milliseconds: number][] = [];
  #last = now();

  constructor() {
    this.#timer = setInterval(() => {
      const time = now();
      const late = time - this.#last - TICK_MS;
      this.#last = time;
      if (late > USUAL_MS) this.#late.push([time, late]);
      // No round takes longer.
      if (this.#late.length > 20_000) this.#late.splice(0, 10_000);
    }, TICK_MS);
  }

  /** Milliseconds that were lost since a time, all together. */
  since(time: number): number {
    let lost = 0;
    for (const [at, milliseconds] of this.#late) {
      if (at >= time) lost += Math.min(milliseconds, at - time);
    }
    // What stands still now has not been told.
    return lost + Math.max(0, now() - Math.max(this.#last, time) - TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
