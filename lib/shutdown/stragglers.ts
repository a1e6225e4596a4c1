import { attemptOf } from '../primitives/hear.ts';
import type { Straggler } from '../reports.ts';

/** The part of a socket that tells where its client is. */
export interface Addressed {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** What an HTTP request asks for, as it may be shown. */
export type RequestLine = Pick<Straggler, 'method' | 'url'>;

/**
 * Describes one that is open, or is about to be ended: after that a socket knows no address any more.
 * Nor is it asked before, which would be a system call for every connection, and Node would keep the
 * answer. Getters are its owner's: one that throws costs its field.
 *
 * @param since - When it was accepted, of `performance.now()`.
 */
export function stragglerOf(
  kind: Straggler['kind'],
  socket: Addressed | null | undefined,
  since: number,
  line: RequestLine = {},
): Straggler {
  const ask = <Name extends keyof Addressed>(name: Name): Addressed[Name] =>
    socket ? attemptOf(socket, name, () => socket[name]) : undefined;
  const [remoteAddress, remotePort] = [ask('remoteAddress'), ask('remotePort')];
  return Object.freeze({
    kind,
    remoteAddress,
    remotePort,
    age: performance.now() - since,
    ...line,
  });
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

  get size(): number {
    return this.#bySubject.size;
  }

  /** What they were: sockets, sessions. */
  get subjects(): Iterable<object> {
    return this.#bySubject.keys();
  }

  readonly add: OnStraggler = (straggler, subject) => {
    if (!this.#bySubject.has(subject)) this.#bySubject.set(subject, straggler);
  };
}
