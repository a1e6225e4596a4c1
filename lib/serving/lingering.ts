import { MAX_LINGERING } from '../bounds.ts';
import { HeldList, type Holder } from '../accepting/queue.ts';
import { after } from '../primitives/after.ts';
import { attempt } from '../primitives/attempt.ts';
import { now } from '../primitives/clock.ts';
import type { Linked, LinkedList } from '../primitives/linked-list.ts';
import type { Closable } from '../protocols/protocol.ts';
import { warn } from '../primitives/warn.ts';
import { setImmediate, unref } from '../primitives/timers.ts';
import { eachInSlices } from '../shutdown/in-slices.ts';

/** An item that lingers: a task. */
interface Lingerer<Self> extends Linked<Self> {
  readonly closable: Closable;
  /** When its present phase is over, as a time of `now()`. */
  deadline: number;
  watch(): void;
  noteClosed(): void;
}

export interface LingeringTimes {
  /** Milliseconds in which the bytes that were written have to leave. */
  readonly flush: number;
  /** Milliseconds after that in which the peer has to end its side. */
  readonly linger: number;
}

/**
 * The connections that are being closed. Each goes through these steps:
 *
 * 1. flushing: the bytes that were written leave, and our side ends (FIN);
 * 2. lingering: input from the peer is discarded, until the peer ends its own side;
 * 3. the connection is destroyed.
 *
 * If a connection was destroyed earlier, with input unread, the kernel would reset it. The reset
 * would overtake the end of an answer that the peer is still reading.
 *
 * All connections have the same times. So in each phase the first to begin is the first to be over,
 * and a single timer is enough.
 */
export class Lingering<Item extends Lingerer<Item>> implements Holder<Item> {
  readonly #times: LingeringTimes;
  readonly #onEnd: () => void;
  readonly #flushing = new HeldList<Item>(this);
  readonly #lingering = new HeldList<Item>(this);
  /** Ended by force, and about to emit `'close'`. */
  readonly #destroyed = new HeldList<Item>(this);
  #timer: NodeJS.Timeout | undefined;
  #timerDue = Infinity;
  #isCutting = false;

  /** @param onEnd - Called after a connection has closed, unless another holder is told of that. */
  constructor(times: LingeringTimes, onEnd: () => void) {
    this.#times = times;
    this.#onEnd = onEnd;
  }

  get size(): number {
    return this.#flushing.size + this.#lingering.size + this.#destroyed.size;
  }

  /** The connections that flush or linger, without the ones that were ended by force. */
  get open(): Item[] {
    return [...this.#flushing.all(), ...this.#lingering.all()];
  }

  /** Calls back with each connection that flushes or lingers, and with what it does. */
  eachOpen(callback: (item: Item, phase: 'flushing' | 'lingering') => void): void {
    for (const item of this.#flushing.all()) callback(item, 'flushing');
    for (const item of this.#lingering.all()) callback(item, 'lingering');
  }

  /** Whether the connection flushes or lingers. */
  has(item: Item): boolean {
    return item.list === this.#flushing || item.list === this.#lingering;
  }

  get all(): Item[] {
    return [...this.open, ...this.#destroyed.all()];
  }

  /**
   * Flushes, lingers and closes a connection.
   *
   * @param closable - What ends our side. Default: `item.closable`.
   */
  begin(item: Item, closable: Closable = item.closable): void {
    if (!closable.end || closable.isClosed()) return;
    this.#enter(this.#flushing, item, this.#times.flush);
    item.watch();
    if (item.list !== this.#flushing) return;
    try {
      closable.end(() => {
        // If the peer has ended, too, it is about to close.
        const isOver = attempt(() => closable.isOver?.()) === true;
        if (item.list === this.#flushing && !isOver) this.#linger(item);
      });
    } catch (error) {
      // A method of the connection itself has thrown. No caller could handle the error.
      warn(error);
      if (item.list === this.#flushing) this.destroy(item);
    }
  }

  /**
   * Lingers and closes a connection whose own side has ended already, and which other code holds.
   */
  linger(item: Item): void {
    if (item.list === undefined) return;
    attempt(() => item.closable.hearOut?.());
    this.#linger(item);
  }

  /** Ends a connection by force. */
  destroy(item: Item): void {
    this.#destroyed.add(item);
    attempt(() => item.closable.destroy());
    if (attempt(() => item.closable.isClosed())) item.noteClosed();
  }

  onClosed(item: Item): void {
    item.list?.delete(item);
    this.#onEnd();
  }

  /** Notes the connections that have closed without an event, and ends those that do not close. */
  sweep(): void {
    for (const item of this.all) this.look(item);
  }

  /** Does so with one connection, if it is still here. */
  look(item: Item): void {
    const { closable } = item;
    if (!this.has(item) && item.list !== this.#destroyed) return;
    if (attempt(() => closable.isClosed())) item.noteClosed();
    else if (item.list === this.#flushing && attempt(() => closable.isOver?.())) this.destroy(item);
  }

  /** Clears the timer. */
  leave(): void {
    clearTimeout(this.#timer);
    this.#timerDue = Infinity;
  }

  #linger(item: Item): void {
    if (item.closable.isClosed()) return item.noteClosed();
    this.#enter(this.#lingering, item, this.#times.linger);
    if (this.#lingering.size <= MAX_LINGERING || this.#isCutting) return;
    // In the next turn: by then, those whose peers have ended as well have closed by themselves.
    this.#isCutting = true;
    setImmediate(() => this.#cut(this.#oldest(), () => (this.#isCutting = false)));
  }

  /** In slices: thousands may have begun to linger at the same time. */
  #cut(items: Iterable<Item>, onDone: () => void): void {
    eachInSlices(items, (item) => this.destroy(item), onDone);
  }

  /** Those that are too many, each as long as it is. */
  *#oldest(): Generator<Item> {
    for (let item = this.#lingering.first; item; item = this.#lingering.first) {
      if (this.#lingering.size <= MAX_LINGERING) return;
      yield item;
    }
  }

  #enter(phase: LinkedList<Item>, item: Item, milliseconds: number): void {
    phase.add(item);
    item.deadline = now() + milliseconds;
    this.#setTimer(item.deadline);
  }

  #setTimer(due: number): void {
    if (due >= this.#timerDue) return;
    clearTimeout(this.#timer);
    this.#timerDue = due;
    this.#timer = after(due - now(), this.#cutLate);
    // The connections keep the process alive. The timer of a connection that has closed must not.
    unref(this.#timer);
  }

  readonly #cutLate = (): void => {
    this.#timerDue = Infinity;
    this.#cut(this.#late(), () => {
      for (const { first } of [this.#flushing, this.#lingering]) {
        if (first) this.#setTimer(first.deadline);
      }
    });
  };

  /** Those whose time is over, each when its turn comes. */
  *#late(): Generator<Item> {
    for (const phase of [this.#flushing, this.#lingering]) {
      for (let item = phase.first; item && item.deadline <= now(); item = phase.first) yield item;
    }
  }
}
