import { unref } from './timers.ts';

/**
 * How often to look, in milliseconds. What has gone unheard holds a slot, or a shutdown, for no
 * longer.
 */
const LOOK_MS = 200;

/** While nothing waits, every fifth time: a second is soon enough for memory. */
const LOOKS = 5;

/**
 * Looks now and then for what is gone though nobody has heard of it, because an owner has taken our
 * listeners off, or has sent it to another process. Holds no process open.
 */
export class Sweeper {
  readonly #timer: NodeJS.Timeout;
  #looks = 0;

  /**
   * @param sweep - Looks at everything.
   * @param isHurried - Whether somebody waits for what it may find.
   */
  constructor(sweep: () => void, isHurried: () => boolean) {
    const look = (): void => {
      this.#looks += 1;
      if (this.#looks % LOOKS === 0 || isHurried()) sweep();
    };
    this.#timer = setInterval(look, LOOK_MS);
    unref(this.#timer);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
