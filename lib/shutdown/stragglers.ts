import type { Straggler } from '../reports.ts';
/** The part of a socket that tells where its client is. */
export interface Addressed {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/**
 * Describes one, before it is ended: then a socket knows no address any more. Nor is it asked before,
 * which would be a system call for every connection, and Node would keep the answer.
 *
 * @param since - When it was accepted, of `performance.now()`.
 */
export function stragglerOf(
  kind: Straggler['kind'],
  socket: Addressed | null | undefined,
  since: number,
): Straggler {
  const { remoteAddress, remotePort } = socket ?? {};
  return Object.freeze({ kind, remoteAddress, remotePort, age: performance.now() - since });
}

/** Is told of each one, and of the object that it was: a socket, a session. */
export type OnStraggler = (straggler: Straggler, subject: object) => void;

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
