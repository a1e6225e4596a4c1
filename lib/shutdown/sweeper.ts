import { SWEEP_LOOKS, SWEEP_MS } from '../bounds.ts';
import { unref } from '../primitives/timers.ts';

/**
 * Looks now and then for connections that have gone without an event. Their owner may have removed
 * our listeners, or sent the socket to another process. It does not keep the process alive.
 */
export class Sweeper {
  readonly #timer: NodeJS.Timeout;
  #looks = 0;

  /**
   * @param sweep - Looks at every connection.
   * @param isHurried - Whether a slot or a shutdown waits for what `sweep` may find. If not, only
   * every fifth look is made.
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
