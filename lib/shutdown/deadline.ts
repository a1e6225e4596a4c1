import { after } from '../primitives/after.ts';

/** A time at which something is over. It may come nearer, and never moves away. */
export class Deadline {
  readonly #onOver: () => void;
  /** Of `performance.now()`. */
  #due = Infinity;
  #timer: NodeJS.Timeout | undefined;

  /** @param onOver - Called once, unless it is cancelled before. */
  constructor(onOver: () => void) {
    this.#onOver = onOver;
  }

  /**
   * Sets it, unless an earlier one stands.
   *
   * @param milliseconds - From now on; with 0 it is over in this very call.
   */
  set(milliseconds: number): void {
    const due = performance.now() + milliseconds;
    if (due >= this.#due) return;
    this.#due = due;
    clearTimeout(this.#timer);
    if (milliseconds === 0) this.#end();
    else this.#timer = after(milliseconds, () => this.#end());
  }

  /** Milliseconds until then. */
  get left(): number {
    return this.#due - performance.now();
  }

  /** It never comes, whatever is set. */
  cancel(): void {
    this.#due = -Infinity;
    clearTimeout(this.#timer);
  }

  #end(): void {
    this.cancel();
    this.#onOver();
  }
}
