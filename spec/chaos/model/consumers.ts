import type { AcceptLoop } from 'accept-loop';
import type { Pull, Seen } from './accept-loop-model.ts';

/** Those who ask a loop for connections, and what they see. */
export class Consumers {
  /** What was thrown. */
  readonly failures: unknown[] = [];
  readonly #loop: AcceptLoop<unknown>;
  readonly #idOf: (connection: unknown) => number;
  #yields: { pull: Pull; id: number }[] = [];
  #ends: Pull[] = [];
  #failures = 0;

  constructor(loop: AcceptLoop<unknown>, idOf: (connection: unknown) => number) {
    this.#loop = loop;
    this.#idOf = idOf;
  }

  begin(pull: Pull): void {
    const consuming = pull.leaves ? this.#iterate(pull) : this.#ask(pull);
    consuming.then(
      (isOver) => isOver && this.#ends.push(pull),
      (error: unknown) => {
        this.failures.push(error);
        this.#failures += 1;
        this.#ends.push(pull);
      },
    );
  }

  lookAtYields(): Seen['yields'] {
    return this.#yields.splice(0);
  }

  /** What they have seen since the last time. */
  look(): Seen {
    const yields = this.lookAtYields();
    const seen = { yields, ends: this.#ends, failures: this.#failures };
    this.#ends = [];
    this.#failures = 0;
    return seen;
  }

  /** As a `for await` does whose body breaks at the last one. */
  async #iterate(pull: Pull): Promise<boolean> {
    let { left } = pull;
    for await (const connection of this.#loop) {
      this.#yields.push({ pull, id: this.#idOf(connection) });
      left -= 1;
      if (left === 0) return false;
    }
    return true;
  }

  async #ask(pull: Pull): Promise<boolean> {
    for (let { left } = pull; left > 0; left -= 1) {
      const { done, value } = await this.#loop.next();
      if (done) return true;
      this.#yields.push({ pull, id: this.#idOf(value) });
    }
    return false;
  }
}
