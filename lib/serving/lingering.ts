import { MAX_LINGERING } from '../bounds.ts';
import { after } from '../primitives/after.ts';
import { attempt } from '../primitives/attempt.ts';
import { type Linked, LinkedList } from '../primitives/linked-list.ts';
import type { Cancel, Closable } from '../protocols/protocol.ts';
import { warn } from '../primitives/warn.ts';
import { unref } from '../primitives/timers.ts';

interface LingeringClose<Owner> extends Linked<LingeringClose<Owner>> {
  /** None when it is ended by force, or over. */
  phase: LinkedList<LingeringClose<Owner>> | undefined;
  readonly closable: Closable;
  readonly owner: Owner;
  /** Of `performance.now()`: when its present phase is over. */
  deadline: number;
  stopWaiting: Cancel;
}

export interface LingeringTimes {
  /** Milliseconds in which what was written has to leave. */
  readonly flush: number;
  /** Milliseconds in which the peer has to end its side after that. */
  readonly linger: number;
}

/**
 * The connections whose handlers have ended, on their way to being closed: what was written leaves,
 * our side says so (FIN), what the peer still sends is discarded until it ends its own side, and
 * only then is the connection destroyed. Destroyed sooner, with input unread, it would be reset,
 * and the reset would overtake the end of an answer that the peer is still reading.
 *
 * All have the same times, so that the first to begin is the first to be over: one timer does.
 */
export class Lingering<Owner> {
  readonly #times: LingeringTimes;
  readonly #onEnd: () => void;
  readonly #flushing = new LinkedList<LingeringClose<Owner>>();
  readonly #lingering = new LinkedList<LingeringClose<Owner>>();
  /** Ended by force, and about to say that they have closed. */
  readonly #destroyed = new Set<LingeringClose<Owner>>();
  #timer: NodeJS.Timeout | undefined;
  #timerDue = Infinity;

  /** @param onEnd - Called after each that has closed. */
  constructor(times: LingeringTimes, onEnd: () => void) {
    this.#times = times;
    this.#onEnd = onEnd;
  }

  get size(): number {
    return this.#flushing.size + this.#lingering.size + this.#destroyed.size;
  }

  /** Flushes, lingers and closes. */
  begin(owner: Owner, closable: Closable): void {
    if (!closable.end || closable.isClosed()) return;
    const close = this.#add(this.#flushing, this.#times.flush, owner, closable);
    try {
      closable.end(() => {
        if (close.phase === this.#flushing) this.#linger(close);
      });
    } catch (error) {
      // A method of the connection's own, which nobody can be told to mend.
      warn(error);
      this.#destroy(close);
    }
  }

  /** The same for one whose own side has ended already. */
  linger(owner: Owner, closable: Closable): void {
    if (closable.isClosed()) return;
    this.#add(this.#lingering, this.#times.linger, owner, closable);
    attempt(() => closable.hearOut?.());
    this.#cutOldest();
  }

  /** What ends each of them by force. @param onStraggler - Told of every one, just before. */
  ends(onStraggler: (owner: Owner) => void): (() => void)[] {
    return [...this.#flushing.all(), ...this.#lingering.all()].map((close) => () => {
      // It may have closed since.
      if (close.phase === undefined) return;
      attempt(() => onStraggler(close.owner));
      this.#destroy(close);
    });
  }

  /** Forgets those that have closed unheard. */
  sweep(): void {
    const all = [...this.#flushing.all(), ...this.#lingering.all(), ...this.#destroyed];
    for (const close of all) if (attempt(() => close.closable.isClosed())) this.#forget(close);
  }

  /** Forgets the timer. */
  leave(): void {
    clearTimeout(this.#timer);
    this.#timerDue = Infinity;
  }

  #add(
    phase: LinkedList<LingeringClose<Owner>>,
    milliseconds: number,
    owner: Owner,
    closable: Closable,
  ): LingeringClose<Owner> {
    const deadline = performance.now() + milliseconds;
    const links = { previous: undefined, next: undefined };
    const close = { closable, owner, deadline, stopWaiting: nothing, phase: undefined, ...links };
    this.#enter(phase, close);
    close.stopWaiting = closable.onClose(() => this.#forget(close));
    this.#setTimer(deadline);
    return close;
  }

  #linger(close: LingeringClose<Owner>): void {
    if (close.closable.isClosed()) return this.#forget(close);
    close.deadline = performance.now() + this.#times.linger;
    this.#enter(this.#lingering, close);
    this.#setTimer(close.deadline);
    this.#cutOldest();
  }

  #cutOldest(): void {
    if (this.#lingering.size <= MAX_LINGERING) return;
    if (this.#lingering.first) this.#destroy(this.#lingering.first);
  }

  #destroy(close: LingeringClose<Owner>): void {
    this.#enter(undefined, close);
    this.#destroyed.add(close);
    attempt(() => close.closable.destroy());
    if (attempt(() => close.closable.isClosed())) this.#forget(close);
  }

  #enter(phase: LinkedList<LingeringClose<Owner>> | undefined, close: LingeringClose<Owner>): void {
    close.phase?.delete(close);
    close.phase = phase;
    phase?.add(close);
  }

  #forget(close: LingeringClose<Owner>): void {
    this.#enter(undefined, close);
    this.#destroyed.delete(close);
    attempt(close.stopWaiting);
    this.#onEnd();
  }

  #setTimer(due: number): void {
    if (due >= this.#timerDue) return;
    clearTimeout(this.#timer);
    this.#timerDue = due;
    this.#timer = after(due - performance.now(), this.#sweep);
    // The connections hold the process; a timer for one that has closed meanwhile does not.
    unref(this.#timer);
  }

  readonly #sweep = (): void => {
    this.#timerDue = Infinity;
    const now = performance.now();
    for (const phase of [this.#flushing, this.#lingering]) {
      while (phase.first && phase.first.deadline <= now) this.#destroy(phase.first);
      if (phase.first) this.#setTimer(phase.first.deadline);
    }
  };
}

const nothing = (): void => {};
