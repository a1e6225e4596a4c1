import { GOODBYE_MS } from '../bounds.ts';
import type { GoodbyeTimes } from '../protocols/trackers.ts';

/** The times of one drain, from all calls that share it. */
export class DrainTimes {
  /** Milliseconds, as `idle` is: the shortest of the calls before the shutdown begins. */
  grace: number = Infinity;
  idle: number = Infinity;
  #begun = 0;

  join(grace: number, idle: number): void {
    this.grace = Math.min(this.grace, grace);
    this.idle = Math.min(this.idle, idle);
  }

  begin(): void {
    this.#begun = performance.now();
  }

  /** Milliseconds since the shutdown began. */
  get duration(): number {
    return performance.now() - this.#begun;
  }

  /**
   * @param left - Milliseconds to the deadline.
   * @returns When WebSocket clients are told to go.
   */
  goodbyes(left: number): GoodbyeTimes {
    const inTime = performance.now() + Math.max(left / 2, left - GOODBYE_MS);
    return { idle: this.idle, latest: Math.min(this.#begun + this.idle, inTime) };
  }
}
