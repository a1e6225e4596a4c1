import type { ConnectionKind } from './connection-kind.ts';
import { type Linked, LinkedList } from './linked-list.ts';

/**
 * What has become of the connections of one loop. At every instant
 * `accepted === yielded + queued + shed + lost + discarded`.
 */
export interface AcceptLoopStats {
  /** Brought by the server since the loop began. */
  readonly accepted: number;
  /** Handed to a consumer. */
  readonly yielded: number;
  /** Waiting for a consumer. */
  readonly queued: number;
  /** Refused on arrival: the queue was full. */
  readonly shed: number;
  /** Gone while they waited: the client left. */
  readonly lost: number;
  /** Refused because the loop was left: nobody will serve them. */
  readonly discarded: number;
}

interface Waiting<Connection> extends Linked<Waiting<Connection>> {
  readonly connection: Connection;
  /** Not there if it is to be taken within the turn. */
  onClose: (() => void) | undefined;
}

/**
 * The connections that wait for a consumer, in order of arrival. It owns them from `add()` until
 * `take()` hands one over: one that closes meanwhile leaves at once, and what is over the limit
 * or left behind is refused.
 */
export class ConnectionQueue<Connection> {
  /** Consumers that wait for a connection now: what is meant for them takes no place. */
  consumers = 0;
  readonly #kind: ConnectionKind<Connection>;
  readonly #maxQueued: number;
  readonly #waiting = new LinkedList<Waiting<Connection>>();
  #accepted = 0;
  #yielded = 0;
  #shed = 0;
  #lost = 0;
  #discarded = 0;

  constructor(kind: ConnectionKind<Connection>, maxQueued: number) {
    this.#kind = kind;
    this.#maxQueued = maxQueued;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Several may come before a consumer is awake: pipelined requests, streams of HTTP/2. */
  get isHalfFull(): boolean {
    return this.#waiting.size * 2 >= this.#maxQueued;
  }

  get stats(): AcceptLoopStats {
    return {
      accepted: this.#accepted,
      yielded: this.#yielded,
      queued: this.#waiting.size,
      shed: this.#shed,
      lost: this.#lost,
      discarded: this.#discarded,
    };
  }

  /**
   * Takes a connection in, or refuses it if the queue is full.
   *
   * @param isAwaited - Whether a consumer is woken for it.
   * @returns Whether there was room.
   */
  add(connection: Connection, isAwaited: boolean): boolean {
    this.#accepted += 1;
    if (this.#kind.isGone(connection)) {
      this.#lost += 1;
    } else if (this.#waiting.size >= this.#maxQueued + this.consumers) {
      this.#shed += 1;
      this.#kind.refuse(connection);
      return false;
    } else {
      const waiting = { connection, onClose: undefined, previous: undefined, next: undefined };
      this.#waiting.add(waiting);
      if (!isAwaited || this.#waiting.size > this.consumers) this.#watch(waiting);
    }
    return true;
  }

  /** Refuses a connection that comes when the loop has been left. */
  discard(connection: Connection): void {
    this.#accepted += 1;
    this.#discarded += 1;
    this.#kind.refuse(connection);
  }

  /** Hands over the one that has waited longest, or `undefined` if none waits. */
  take(): Connection | undefined {
    for (;;) {
      const waiting = this.#waiting.first;
      if (waiting === undefined) return undefined;
      // Its 'close' may be due in the next tick.
      const isGone = this.#kind.isGone(waiting.connection);
      this.#waiting.delete(waiting);
      if (isGone) this.#lost += 1;
      else this.#yielded += 1;
      this.#unwatch(waiting);
      if (isGone) continue;
      this.#kind.release(waiting.connection);
      return waiting.connection;
    }
  }

  /** Refuses all that wait. */
  discardAll(): void {
    for (const waiting of this.#waiting.all()) {
      if (!this.#waiting.delete(waiting)) continue;
      this.#discarded += 1;
      this.#unwatch(waiting);
      this.#kind.refuse(waiting.connection);
    }
  }

  /** One that closes leaves the queue. */
  #watch(waiting: Waiting<Connection>): void {
    const { connection } = waiting;
    waiting.onClose = (): void => {
      // An earlier listener of this very emit may have left the loop.
      if (!this.#waiting.delete(waiting)) return;
      this.#lost += 1;
      this.#unwatch(waiting);
    };
    this.#kind.life(connection)?.on('close', waiting.onClose);
  }

  #unwatch({ connection, onClose }: Waiting<Connection>): void {
    if (onClose) this.#kind.life(connection)?.off('close', onClose);
  }
}
