import type { OnStraggler, Straggler } from './straggler.ts';

/** The stragglers of one shutdown: each subject is listed once, as what it was at first. */
export class Stragglers {
  readonly #bySubject = new Map<object, Straggler>();

  /** Frozen, as a whole report is: several may get it. */
  get list(): readonly Straggler[] {
    return Object.freeze([...this.#bySubject.values()]);
  }

  readonly add: OnStraggler = (straggler, subject) => {
    if (!this.#bySubject.has(subject)) this.#bySubject.set(subject, straggler);
  };
}
