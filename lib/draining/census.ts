import type { EventEmitter } from 'node:events';
import { now } from '../primitives/clock.ts';
import { emitterListener } from '../primitives/emitter-listener.ts';
import { harmless } from '../primitives/harmless.ts';
import { hasLeft } from '../primitives/has-left.ts';
import type { AnySocket } from '../protocols/protocol.ts';
import { attemptOf } from '../primitives/hear.ts';
import { eachInSlices, type End } from '../shutdown/in-slices.ts';
import type { OpenList } from '../shutdown/open-list.ts';
import { type OnStraggler, stragglerOf } from '../shutdown/stragglers.ts';
import { ObjectMap } from '../primitives/object-map.ts';
import { warnOfRejection } from '../primitives/warn-of-rejection.ts';

/** Other code that hears of the end of some connections. It calls `forget()` then. */
interface Followers {
  /** Whether it will hear of the end of this connection. */
  follows(connection: AnySocket): boolean;
  /** Whether the `'close'` of this connection, which has closed, will still be heard. */
  tells(connection: AnySocket): boolean;
}

/** The open connections of one server, of any protocol. Counts each once, and can end all. */
export class Census {
  /** Since when each is open, of `now()`. */
  readonly #open = new ObjectMap<AnySocket, number>();
  readonly #onChange: () => void;
  readonly #followers: Followers | undefined;
  /** `undefined` before the count has begun. */
  #total: number | undefined;
  #hasHandedOff = false;
  #left = 0;
  /** The sweep under way. What a sweep from before the count finds is not counted. */
  #sweeping: 'no' | 'early' | 'late' = 'no';
  /** Ends a connection that is added after `ends()`, later in the same emit. */
  #endLate: ((connection: AnySocket) => void) | undefined;

  /**
   * @param onChange - Called when a connection has gone.
   * @param followers - A connection that is followed gets no listener of its own: a second one would
   * take a quarter of a kilobyte.
   */
  constructor(onChange: () => void, followers?: Followers) {
    this.#onChange = onChange;
    this.#followers = followers;
  }

  get size(): number {
    return this.#open.size;
  }

  /** The open connections. */
  get all(): Iterable<AnySocket> {
    return this.#open.keys();
  }

  has(subject: object): boolean {
    return this.#open.has(subject);
  }

  /**
   * How many connections were open when the count began, plus those that have come since.
   * `undefined` before the count has begun.
   */
  get total(): number | undefined {
    return this.#total;
  }

  /** Whether a connection was sent to another process. */
  get hasHandedOff(): boolean {
    return this.#hasHandedOff;
  }

  /** How many connections have gone without an event. */
  get left(): number {
    return this.#left;
  }

  beginCount(): void {
    this.#total = this.#open.size;
  }

  readonly add: (connection: AnySocket) => void = harmless((connection) => {
    if (this.#open.has(connection) || connection.destroyed) return;
    this.#open.add(connection, now());
    if (this.#total !== undefined) this.#total += 1;
    if (!this.#followers?.follows(connection)) connection.on('close', this.#onClose);
    this.#endLate?.(connection);
  });

  /** Forgets connections that have gone without an event, in slices. */
  sweep(): void {
    if (this.#sweeping !== 'no') return;
    this.#sweeping = this.#total === undefined ? 'early' : 'late';
    const forget = (connection: AnySocket): void => void this.#forgetIfLeft(connection);
    eachInSlices(this.#open.keys(), forget, () => (this.#sweeping = 'no'));
  }

  /** Lists the connections that have not been ended. */
  listOpen(list: OpenList): void {
    for (const [connection, since] of this.#open) {
      if (attemptOf(connection, 'destroyed', () => connection.destroyed)) continue;
      list.add(connection, 'running', since, () => stragglerOf('connection', connection, since));
    }
  }

  /**
   * @param onStraggler - Called with each connection, just before it is ended.
   * @returns What ends each connection by force, and forgets a connection that has gone without an
   * event.
   */
  ends(onStraggler?: OnStraggler): Iterable<End> {
    const end = (connection: AnySocket, since: number): void => {
      onStraggler?.(stragglerOf('connection', connection, since), connection);
      warnOfRejection(connection.destroy?.());
    };
    this.#endLate = (connection) => end(connection, performance.now());
    return this.#eachEnd(end);
  }

  *#eachEnd(end: (connection: AnySocket, since: number) => void): Generator<End> {
    for (const [connection, since] of this.#open) {
      yield () => {
        if (this.#isToBeTold(connection) || !this.#forgetIfLeft(connection)) end(connection, since);
      };
    }
  }

  readonly #onClose = emitterListener((connection: AnySocket) => this.forget(connection));

  #forgetIfLeft(connection: AnySocket): boolean {
    if (!hasLeft(connection)) return false;
    this.#hasHandedOff ||= !connection.closed;
    if (!this.#isToBeTold(connection)) {
      this.#left += 1;
      if (this.#sweeping === 'early' && this.#total !== undefined) this.#total -= 1;
    }
    this.forget(connection);
    return true;
  }

  /** Whether it was destroyed in this turn. Its `'close'` comes at the end of the turn. */
  #isToBeTold(connection: AnySocket): boolean {
    const isHeard = (): boolean | undefined =>
      connection.closed === true &&
      (this.#followers?.tells(connection) ||
        (connection as Partial<EventEmitter>).listeners?.('close').includes(this.#onClose));
    return attemptOf(connection, 'closed', isHeard) === true;
  }

  /** Call it when a connection has gone. */
  forget(connection: AnySocket): void {
    if (this.#open.delete(connection)) this.#onChange();
  }
}
