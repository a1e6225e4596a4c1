import { after } from '../primitives/after.ts';

/** A deadline. It may be moved nearer, and never further away. */
export class Deadline {
  readonly #onOver: () => void;
  /** Of `performance.now()`. */
  #due = Infinity;
  #timer: NodeJS.Timeout | undefined;

  /** @param onOver - Called once at the deadline, unless that is cancelled before. */
  constructor(onOver: () => void) {
    this.#onOver = onOver;
  }

  /**
   * Sets the deadline, unless an earlier one stands.
   *
   * @param milliseconds - Counted from now. With 0, `onOver` is called in this call.
   */
  set(milliseconds: number): void {
    const due = performance.now() + milliseconds;
    if (due >= this.#due) return;
    this.#due = due;
    clearTimeout(this.#timer);
    if (milliseconds === 0) this.#end();
    else this.#timer = after(milliseconds, () => this.#end());
  }

  /** Milliseconds until the deadline. */
  get left(): number {
    return this.#due - performance.now();
  }

  /** From now on `onOver` is not called, even if `set()` is. */
  cancel(): void {
    this.#due = -Infinity;
    clearTimeout(this.#timer);
  }

  #end(): void {
    this.cancel();
    this.#onOver();
  }
}
