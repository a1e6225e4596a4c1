import { attemptOf } from '../primitives/hear.ts';
import type { Straggler } from '../reports.ts';

/** The part of a socket that has the address of its client. */
export interface Addressed {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** The method and URL of an HTTP request, as they may be shown. */
export type RequestLine = Pick<Straggler, 'method' | 'url'>;

/**
 * Describes a connection that is open, or is about to be ended.
 *
 * After its end, a socket has no address any more. The address is not read earlier either: that
 * would cost a system call for every connection, and Node would keep the answer. The getters may be
 * those of another owner. If one throws, its field is `undefined`.
 *
 * @param since - When the connection was accepted, of `performance.now()`.
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

/** Called with each straggler, and with the object behind it: a socket or a session. */
export type OnStraggler = (straggler: Straggler, subject: object) => void;

/** The stragglers of one shutdown. Each subject is listed once: the first `add()` counts. */
export class Stragglers {
  readonly #bySubject = new Map<object, Straggler>();

  /**
   * Call it at the end, when the report is made. The sockets and sessions are forgotten: a program
   * may keep what it was given of the shutdown.
   *
   * @returns The list, frozen as the whole report is: several callers may get it.
   */
  take(): readonly Straggler[] {
    const list = Object.freeze([...this.#bySubject.values()]);
    this.#bySubject.clear();
    return list;
  }

  get size(): number {
    return this.#bySubject.size;
  }

  /** The objects behind the stragglers: sockets or sessions. */
  get subjects(): Iterable<object> {
    return this.#bySubject.keys();
  }

  readonly add: OnStraggler = (straggler, subject) => {
    if (!this.#bySubject.has(subject)) this.#bySubject.set(subject, straggler);
  };
}
