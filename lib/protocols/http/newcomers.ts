import { LAST_CALL_MS } from '../../bounds.ts';
import { now } from '../../primitives/clock.ts';
import { ObjectMap } from '../../primitives/object-map.ts';

/** A socket or session, with the time of `performance.now()` when it came. */
export type Newcomer = readonly [subject: object, since: number];

/**
 * The HTTP connections that have made no request yet. They are counted from the first time on that
 * `size` is asked for, which is in the shutdown of a loop: most connections never are.
 */
export class Newcomers {
  #since: ObjectMap<object, number> | undefined;
  readonly #known: () => Newcomer[];

  /** @param known - Gives those that are open now. */
  constructor(known: () => Newcomer[]) {
    this.#known = known;
  }

  /**
   * How many have still to make their first request. A browser's spare connection may never make
   * one. So a connection is not waited for once it has been silent for as long as a last call may
   * take.
   */
  get size(): number {
    const all = (this.#since ??= this.#begin());
    const time = now();
    for (const [newcomer, since] of all) {
      // In order of arrival: the others are younger.
      if (time - since <= LAST_CALL_MS) break;
      all.delete(newcomer);
    }
    return all.size;
  }

  add(newcomer: object): void {
    this.#since?.set(newcomer, now());
  }

  /** @returns Whether it was counted as a newcomer. */
  delete(newcomer: object): boolean {
    return this.#since?.delete(newcomer) === true;
  }

  #begin(): ObjectMap<object, number> {
    const all = new ObjectMap<object, number>();
    const known = this.#known().toSorted(([, one], [, other]) => one - other);
    for (const [newcomer, since] of known) all.set(newcomer, since);
    return all;
  }
}
