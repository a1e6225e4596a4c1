import type { GoodbyeTimes } from './web-socket-clients.ts';

/**
 * How long before the deadline WebSocket clients are told at the latest, in milliseconds, if it comes
 * so soon: for as long they are waited for when they were told. Half of the time, if that is less.
 */
const ANSWER_MS = 1000;

/** The times of one drain, of all calls that share it. */
export class DrainTimes {
  /** Milliseconds: the shortest of the calls before it begins. */
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

  /** Milliseconds since it has begun. */
  get duration(): number {
    return performance.now() - this.#begun;
  }

  /** @param left - Milliseconds to the deadline. */
  goodbyes(left: number): GoodbyeTimes {
    const inTime = performance.now() + Math.max(left / 2, left - ANSWER_MS);
    return { idle: this.idle, latest: Math.min(this.#begun + this.idle, inTime) };
  }
}
