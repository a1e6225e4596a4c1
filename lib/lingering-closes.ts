import { after } from './after.ts';
import type { Cancel, Closable } from './task-kind.ts';

/**
 * How many connections may linger at once. It bounds what clients hold that neither leave nor say
 * that they have read all; a thousand is a second's worth at a thousand answers a second.
 */
export const MAX_LINGERING = 1024;

interface LingeringClose<Owner> {
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
export class LingeringCloses<Owner> {
  readonly #times: LingeringTimes;
  readonly #onEnd: () => void;
  readonly #flushing = new Map<Owner, LingeringClose<Owner>>();
  readonly #lingering = new Map<Owner, LingeringClose<Owner>>();
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
    closable.end(() => {
      if (!this.#flushing.delete(owner)) return;
      this.#linger(close);
    });
  }

  /** The same for one whose own side has ended already. */
  linger(owner: Owner, closable: Closable): void {
    if (closable.isClosed()) return;
    this.#add(this.#lingering, this.#times.linger, owner, closable);
    closable.hearOut?.();
    this.#cutOldest();
  }

  /** Ends all by force. */
  destroy(onDestroy: (owner: Owner) => void): void {
    for (const phase of [this.#flushing, this.#lingering]) {
      for (const close of phase.values()) {
        onDestroy(close.owner);
        this.#destroy(close);
      }
    }
  }

  /** Forgets the timer. */
  leave(): void {
    clearTimeout(this.#timer);
    this.#timerDue = Infinity;
  }

  #add(
    phase: Map<Owner, LingeringClose<Owner>>,
    milliseconds: number,
    owner: Owner,
    closable: Closable,
  ): LingeringClose<Owner> {
    const deadline = performance.now() + milliseconds;
    const close = { closable, owner, deadline, stopWaiting: (): void => {} };
    phase.set(owner, close);
    close.stopWaiting = closable.onClose(() => this.#forget(close));
    this.#setTimer(deadline);
    return close;
  }

  #linger(close: LingeringClose<Owner>): void {
    if (close.closable.isClosed()) return this.#forget(close);
    close.deadline = performance.now() + this.#times.linger;
    this.#lingering.set(close.owner, close);
    this.#setTimer(close.deadline);
    this.#cutOldest();
  }

  #cutOldest(): void {
    const [oldest] = this.#lingering.values();
    if (oldest && this.#lingering.size > MAX_LINGERING) this.#destroy(oldest);
  }

  #destroy(close: LingeringClose<Owner>): void {
    this.#flushing.delete(close.owner);
    this.#lingering.delete(close.owner);
    this.#destroyed.add(close);
    close.closable.destroy();
    if (close.closable.isClosed()) this.#forget(close);
  }

  #forget(close: LingeringClose<Owner>): void {
    close.stopWaiting();
    this.#flushing.delete(close.owner);
    this.#lingering.delete(close.owner);
    this.#destroyed.delete(close);
    this.#onEnd();
  }

  #setTimer(due: number): void {
    if (due >= this.#timerDue) return;
    clearTimeout(this.#timer);
    this.#timerDue = due;
    this.#timer = after(due - performance.now(), this.#sweep);
    // The connections hold the process; a timer for one that has closed meanwhile does not.
    this.#timer?.unref();
  }

  readonly #sweep = (): void => {
    this.#timerDue = Infinity;
    const now = performance.now();
    for (const phase of [this.#flushing, this.#lingering]) {
      for (const close of phase.values()) {
        if (close.deadline > now) {
          this.#setTimer(close.deadline);
          break;
        }
        this.#destroy(close);
      }
    }
  };
}
