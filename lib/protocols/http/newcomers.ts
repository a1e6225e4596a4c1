import { LAST_CALL_MS } from '../../bounds.ts';
import { now } from '../../primitives/clock.ts';
import { ObjectMap } from '../../primitives/object-map.ts';

/** The HTTP connections that have made no request yet, with the time when each came. */
export class Newcomers {
  readonly #since = new ObjectMap<object, number>();

  /**
   * How many have still to make their first request. A browser's spare connection may never make
   * one. So a connection is not waited for once it has been silent for as long as a last call may
   * take.
   */
  get size(): number {
    const time = now();
    for (const [newcomer, since] of this.#since) {
      // In order of arrival: the others are younger.
      if (time - since <= LAST_CALL_MS) break;
      this.#since.delete(newcomer);
    }
    return this.#since.size;
  }

  /** @param since - When it came, of `now()`. */
  add(newcomer: object, since: number = now()): void {
    this.#since.set(newcomer, since);
  }

  /** @returns Whether it was a newcomer. */
  delete(newcomer: object): boolean {
    return this.#since.delete(newcomer);
  }
}
