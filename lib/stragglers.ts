import type { OnStraggler, Straggler } from './straggler.ts';

/** The stragglers of one shutdown: each subject is listed once, as what it was at first. */
export class Stragglers {
  readonly #bySubject = new Map<object, Straggler>();

  get list(): Straggler[] {
    return [...this.#bySubject.values()];
  }

  readonly add: OnStraggler = (straggler, subject) => {
    if (!this.#bySubject.has(subject)) this.#bySubject.set(subject, straggler);
  };
}
