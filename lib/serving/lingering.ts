import { MAX_LINGERING } from '../bounds.ts';
import type { Holder } from '../accepting/queue.ts';
import { after } from '../primitives/after.ts';
import { attempt } from '../primitives/attempt.ts';
import { now } from '../primitives/clock.ts';
import { type Linked, LinkedList } from '../primitives/linked-list.ts';
import type { Closable } from '../protocols/protocol.ts';
import { warn } from '../primitives/warn.ts';
import { unref } from '../primitives/timers.ts';
import type { OpenState } from '../reports.ts';
import type { OpenList } from '../shutdown/open-list.ts';

/** What lingers: a task. */
interface Lingerer<Self> extends Linked<Self> {
  readonly closable: Closable;
  /** Of `now()`: when its present phase is over. */
  deadline: number;
  watch(holder: Holder<Self>): void;
  noteClosed(): void;
  listOpen(list: OpenList, state: OpenState): void;
}

export interface LingeringTimes {
  /** Milliseconds in which what was written has to leave. */
  readonly flush: number;
  /** Milliseconds in which the peer has to end its side after that. */
  readonly linger: number;
}

/**
 * The connections that are on their way to being closed: what was written leaves, our side says so
 * (FIN), what the peer still sends is discarded until it ends its own side, and only then is the
 * connection destroyed. Destroyed sooner, with input unread, it would be reset, and the reset would
 * overtake the end of an answer that the peer is still reading.
 *
 * All have the same times, so that the first to begin is the first to be over: one timer does.
 */
export class Lingering<Item extends Lingerer<Item>> implements Holder<Item> {
  readonly #times: LingeringTimes;
  readonly #onEnd: () => void;
  readonly #flushing = new LinkedList<Item>();
  readonly #lingering = new LinkedList<Item>();
  /** Ended by force, and about to say that they have closed. */
  readonly #destroyed = new LinkedList<Item>();
  #timer: NodeJS.Timeout | undefined;
  #timerDue = Infinity;

  /** @param onEnd - Called after each that has closed and is held by nobody else. */
  constructor(times: LingeringTimes, onEnd: () => void) {
    this.#times = times;
    this.#onEnd = onEnd;
  }

  get size(): number {
    return this.#flushing.size + this.#lingering.size + this.#destroyed.size;
  }

  /** Those that were not ended by force. */
  get open(): Item[] {
    return [...this.#flushing.all(), ...this.#lingering.all()];
  }

  /** Lists these. */
  listOpen(list: OpenList): void {
    for (const item of this.#flushing.all()) item.listOpen(list, 'flushing');
    for (const item of this.#lingering.all()) item.listOpen(list, 'lingering');
  }

  /** Whether it is one of these. */
  has(item: Item): boolean {
    return item.list === this.#flushing || item.list === this.#lingering;
  }

  get all(): Item[] {
    return [...this.open, ...this.#destroyed.all()];
  }

  /** Flushes, lingers and closes it. @param closable - Says the last word; its own by default. */
  begin(item: Item, closable: Closable = item.closable): void {
    if (!closable.end || closable.isClosed()) return;
    this.#enter(this.#flushing, item, this.#times.flush);
    item.watch(this);
    if (item.list !== this.#flushing) return;
    try {
      closable.end(() => {
        if (item.list === this.#flushing) this.#linger(item);
      });
    } catch (error) {
      // A method of the connection's own, which nobody can be told to mend.
      warn(error);
      if (item.list === this.#flushing) this.destroy(item);
    }
  }

  /** The same for one whose own side has ended already, and which somebody else holds. */
  linger(item: Item): void {
    if (item.list === undefined) return;
    attempt(() => item.closable.hearOut?.());
    this.#linger(item);
  }

  /** Ends it by force. */
  destroy(item: Item): void {
    this.#destroyed.add(item);
    attempt(() => item.closable.destroy());
    if (attempt(() => item.closable.isClosed())) item.noteClosed();
  }

  onClosed(item: Item): void {
    item.list?.delete(item);
    this.#onEnd();
  }

  /** Notes those that have closed unheard. */
  sweep(): void {
    for (const item of this.all) {
      if (attempt(() => item.closable.isClosed())) item.noteClosed();
    }
  }

  /** Forgets the timer. */
  leave(): void {
    clearTimeout(this.#timer);
    this.#timerDue = Infinity;
  }

  #linger(item: Item): void {
    if (item.closable.isClosed()) return item.noteClosed();
    this.#enter(this.#lingering, item, this.#times.linger);
    if (this.#lingering.size > MAX_LINGERING && this.#lingering.first) {
      this.destroy(this.#lingering.first);
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
    // The connections hold the process; a timer for one that has closed meanwhile does not.
    unref(this.#timer);
  }

  readonly #cutLate = (): void => {
    this.#timerDue = Infinity;
    const time = now();
    for (const phase of [this.#flushing, this.#lingering]) {
      while (phase.first && phase.first.deadline <= time) this.destroy(phase.first);
      if (phase.first) this.#setTimer(phase.first.deadline);
    }
  };
}
