import { LOOK_AGAIN_MS } from '../../bounds.ts';
import { after } from '../../primitives/after.ts';
import { attempt } from '../../primitives/attempt.ts';
import { setImmediate } from '../../primitives/timers.ts';

/** A timer for one time. A new time replaces the time before. */
export class Alarm {
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param time - Of `performance.now()`. The callback never comes earlier. With `Infinity` it
   * never comes.
   */
  set(time: number, callback: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = after(time - performance.now(), () => {
      // A timer counts from the beginning of its turn, which may have been long ago.
      if (performance.now() < time) this.set(time, callback);
      else callback();
    });
  }

  /** Calls back at a time, once the input that had come by then has been read. */
  setBehindInput(time: number, look: () => void): void {
    this.set(time, () => {
      this.#timer = after(LOOK_AGAIN_MS, () => void setImmediate(() => attempt(look)));
    });
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
