import { attempt } from '../primitives/attempt.ts';
import type { End } from '../shutdown/in-slices.ts';
import { type Linked, LinkedList } from '../primitives/linked-list.ts';
import type { Protocol } from '../protocols/protocol.ts';
import { warn } from '../primitives/warn.ts';
import type { AcceptLoopStats } from '../reports.ts';

/** What holds a connection, and is told when that has closed: the queue, or what has taken it. */
export interface Holder<Item> {
  onClosed(item: Item): void;
}

/** A connection from its accept on. */
export interface Arrival<Self> extends Linked<Self> {
  readonly connection: unknown;
  /** Tells the holder once it has closed, perhaps at once. */
  watch(holder: Holder<Self>): void;
  /** The queue is no longer its holder. */
  unwatch(): void;
}

/**
 * The connections that wait for a consumer, in order of arrival. It owns them from `add()` until
 * `take()` hands one over: one that closes meanwhile leaves at once, and what is over the limit
 * or left behind is refused.
 */
export class Queue<Item extends Arrival<Item>> implements Holder<Item> {
  readonly #protocol: Protocol;
  readonly #maxQueued: number;
  readonly #consumers: () => number;
  readonly #waiting = new LinkedList<Item>();
  #accepted = 0;
  #yielded = 0;
  #shed = 0;
  #lost = 0;
  #discarded = 0;

  /**
   * @param consumers - How many wait for a connection now, or have a free slot for one: what is
   * meant for them takes no place.
   */
  constructor(protocol: Protocol, maxQueued: number, consumers: () => number) {
    this.#protocol = protocol;
    this.#maxQueued = maxQueued;
    this.#consumers = consumers;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Several may come before a consumer is awake: pipelined requests, streams of HTTP/2. */
  get isHalfFull(): boolean {
    return this.#waiting.size * 2 >= this.#maxQueued;
  }

  /** Those that wait, in order of arrival. */
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
   * Takes a connection in, or refuses it if the queue is full.
   *
   * @param isAwaited - Whether a consumer is woken for it.
   * @returns Whether there was room.
   * @throws What a method of the connection throws. It is not counted then.
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
    // Of one that has no end, nothing tells that.
    const isWatched = !isTakenNow && this.#protocol.life(item.connection) !== undefined;
    this.#accepted += 1;
    this.#waiting.add(item);
    if (isWatched) this.#watch(item);
    return true;
  }

  /** Counts a connection that a consumer takes at once: there is room for it, and nothing before it. */
  countPassed(): void {
    this.#accepted += 1;
    this.#yielded += 1;
  }

  /** Counts a connection that was gone when it came. */
  countLost(): void {
    this.#accepted += 1;
    this.#lost += 1;
  }

  /** Counts a connection that is refused as it comes, by whoever calls this. */
  countDiscarded(): void {
    this.#accepted += 1;
    this.#discarded += 1;
  }

  /** Hands over the one that has waited longest, or `undefined` if none waits. */
  take(): Item | undefined {
    for (let item = this.#waiting.first; item; item = this.#waiting.first) {
      // Its 'close' may be due in the next tick.
      const isGone = this.#isGone(item.connection);
      this.#waiting.delete(item);
      if (isGone === false) this.#yielded += 1;
      else if (isGone === true) this.#lost += 1;
      else this.#discarded += 1;
      item.unwatch();
      if (isGone === false) return item;
      // Its own method throws.
      if (isGone === undefined) attempt(() => this.#protocol.refuse(item.connection));
    }
    return undefined;
  }

  /** All that wait count as discarded. @returns What refuses each; `onDiscard` is called just before. */
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

  /** @returns `undefined` if it cannot be told, since a getter of the connection's own throws. */
  #isGone(connection: unknown): boolean | undefined {
    try {
      return this.#protocol.isGone(connection);
    } catch (error) {
      warn(error);
      return undefined;
    }
  }

  #watch(item: Item): void {
    try {
      item.watch(this);
    } catch (error) {
      // The method that threw may have left the loop first, or taken this connection. It is counted then.
      if (!this.#waiting.delete(item)) return warn(error);
      this.#accepted -= 1;
      throw error;
    }
  }

  /** It leaves the queue, unless an earlier listener of this very emit has left the loop. */
  onClosed(item: Item): void {
    if (!this.#waiting.delete(item)) return;
    this.#lost += 1;
    item.unwatch();
  }
}
