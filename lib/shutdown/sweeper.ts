import { SWEEP_LOOKS, SWEEP_MS } from '../bounds.ts';
import { unref } from '../primitives/timers.ts';

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
      if (this.#looks % SWEEP_LOOKS === 0 || isHurried()) sweep();
    };
    this.#timer = setInterval(look, SWEEP_MS);
    unref(this.#timer);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
