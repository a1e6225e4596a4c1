import { attempt } from '../primitives/attempt.ts';
import type { End } from '../shutdown/in-slices.ts';
import { type Linked, LinkedList } from '../primitives/linked-list.ts';
import type { Life, Protocol } from '../protocols/protocol.ts';
import { warn } from '../primitives/warn.ts';
import type { AcceptLoopStats } from '../reports.ts';

/** What is told when a connection has closed: the queue, or what has taken the connection. */
export interface Holder<Item> {
  onClosed(item: Item): void;
}

/** The connections of one holder. So a connection needs no field for it. */
export class HeldList<Item extends Linked<Item>> extends LinkedList<Item> {
  readonly holder: Holder<Item>;

  constructor(holder: Holder<Item>) {
    super();
    this.holder = holder;
  }
}

/** A connection from its accept on, as the queue holds it. */
export interface Arrival<Self extends Linked<Self>> extends Linked<Self> {
  readonly connection: unknown;
  list: HeldList<Self> | undefined;
  /**
   * Tells the holder of its list once when the connection has closed, perhaps in this call.
   *
   * @param life - What emits the `'close'` of the connection.
   */
  watch(life: Life): void;
  /** Ends that: the queue no longer holds the connection. */
  unwatch(): void;
}

/**
 * The connections that wait for a consumer, in order of arrival.
 *
 * The queue owns a connection from `add()` until `take()` hands it over. If the connection closes
 * in between, it leaves the queue at once. A connection over the limit is refused, and so are the
 * connections that still wait when the loop is left.
 */
export class Queue<Item extends Arrival<Item>> implements Holder<Item> {
  readonly #protocol: Protocol;
  readonly #maxQueued: number;
  readonly #consumers: () => number;
  readonly #waiting = new HeldList<Item>(this);
  #accepted = 0;
  #yielded = 0;
  #shed = 0;
  #lost = 0;
  #discarded = 0;

  /**
   * @param consumers - How many consumers wait for a connection now, or how many slots are free.
   * Connections for them do not count against `maxQueued`.
   */
  constructor(protocol: Protocol, maxQueued: number, consumers: () => number) {
    this.#protocol = protocol;
    this.#maxQueued = maxQueued;
    this.#consumers = consumers;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /**
   * At half, because several requests may come before a consumer is awake: pipelined, or HTTP/2.
   */
  get isHalfFull(): boolean {
    return this.#waiting.size * 2 >= this.#maxQueued;
  }

  /** The items that wait, in order of arrival. */
  get waiting(): Item[] {
    return this.#waiting.all();
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
   * Queues a connection, or refuses it if the queue is full.
   *
   * @param isAwaited - Whether a consumer that waits is woken for it.
   * @returns Whether there was room.
   * @throws What a method of the connection throws. Then the connection is not counted.
   */
  add(item: Item, isAwaited: boolean): boolean {
    const consumers = this.#consumers();
    const size = this.#waiting.size + 1;
    if (size > this.#maxQueued + consumers) {
      this.#accepted += 1;
      this.#shed += 1;
      attempt(() => this.#protocol.refuse(item.connection));
      return false;
    }
    const isTakenNow = isAwaited && size <= consumers;
    // A connection without an end has no emitter for `'close'`.
    const life = isTakenNow ? undefined : this.#protocol.life(item.connection);
    this.#accepted += 1;
    this.#waiting.add(item);
    if (life !== undefined) this.#watch(item, life);
    return true;
  }

  /** Counts a connection that a consumer takes at once, without the queue. */
  countPassed(): void {
    this.#accepted += 1;
    this.#yielded += 1;
  }

  /** Counts a connection that was gone when it arrived. */
  countLost(): void {
    this.#accepted += 1;
    this.#lost += 1;
  }

  /** Counts a connection that the caller refuses when it arrives. */
  countDiscarded(): void {
    this.#accepted += 1;
    this.#discarded += 1;
  }

  /** Hands over the item that has waited longest, or `undefined` if none waits. */
  take(): Item | undefined {
    for (let item = this.#waiting.first; item; item = this.#waiting.first) {
      // Its 'close' may come only in the next tick.
      const isGone = this.#isGone(item.connection);
      this.#waiting.delete(item);
      if (isGone === false) this.#yielded += 1;
      else if (isGone === true) this.#lost += 1;
      else this.#discarded += 1;
      item.unwatch();
      if (isGone === false) return item;
      // A getter of the connection has thrown.
      if (isGone === undefined) attempt(() => this.#protocol.refuse(item.connection));
    }
    return undefined;
  }

  /**
   * Empties the queue, and counts its connections as discarded.
   *
   * @param onDiscard - Called with each item, just before its connection is refused.
   * @returns What refuses each connection.
   */
  discardAll(onDiscard?: (item: Item) => void): End[] {
    return this.#waiting.all().map((waiting) => {
      this.#waiting.delete(waiting);
      this.#discarded += 1;
      waiting.unwatch();
      return () => {
        onDiscard?.(waiting);
        this.#protocol.refuse(waiting.connection);
      };
    });
  }

  /** @returns `undefined` if that is not known, because a getter of the connection throws. */
  #isGone(connection: unknown): boolean | undefined {
    try {
      return this.#protocol.isGone(connection);
    } catch (error) {
      warn(error);
      return undefined;
    }
  }

  #watch(item: Item, life: Life): void {
    try {
      item.watch(life);
    } catch (error) {
      // The method may have left the loop, or taken this connection, before it threw. Then the
      // connection is counted already.
      if (!this.#waiting.delete(item)) return warn(error);
      this.#accepted -= 1;
      throw error;
    }
  }

  /** Removes the item, unless an earlier listener of the same emit has left the loop. */
  onClosed(item: Item): void {
    if (!this.#waiting.delete(item)) return;
    this.#lost += 1;
    item.unwatch();
  }
}
