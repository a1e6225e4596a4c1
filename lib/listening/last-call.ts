import {
  BRIEF_MS,
  BRIEF_PATIENCE_MS,
  EMPTY_TURNS,
  HANDING_OUT_MS,
  LAST_CALL_CONNECTIONS,
  LAST_CALL_MS,
  PAUSE_MS,
  PAUSE_PATIENCE_MS,
} from '../bounds.ts';
import type { EventEmitter } from 'node:events';
import { after } from '../primitives/after.ts';
import { beginLastCall, onLastCallOver } from '../shutdown/last-calls.ts';
import { hear, unhear } from '../primitives/hear.ts';
import { clearImmediate, setImmediate } from '../primitives/timers.ts';

/** Of whom a last call is taken, and how. */
export interface LastCallTerms {
  /** Its events are counted until the end. */
  readonly source: EventEmitter;
  /** Those that show an arrival. */
  readonly events: Iterable<string>;
  /** The one among the events that may come over an open connection: it is no accept. */
  readonly carried?: string | undefined;
  /** Milliseconds before it begins. */
  readonly delay?: number | undefined;
  /**
   * Called at first, in each turn in which nobody waits in the accept queue: time is nobody's then.
   */
  readonly onPause?: (() => void) | undefined;
  /** Whether it goes on, whatever comes: until another server has taken its own. */
  readonly isProlonged?: (() => boolean) | undefined;
  /** Called when it is. */
  readonly onProlonged?: (() => void) | undefined;
}

const nothing = (): void => {};
const never = (): boolean => false;

/**
 * The wait until the kernel's accept queue is empty. It calls `close` at a moment when nobody is
 * about to enter the queue: two whole turns of the event loop have brought nothing, the last of
 * them was brief, and the burst, if there was one, is over. The wait is bounded.
 */
export class LastCall {
  readonly #source: EventEmitter;
  readonly #events: Iterable<string>;
  readonly #carried: string | undefined;
  readonly #close: (deadline: number) => void;
  readonly #onPause: () => void;
  readonly #isProlonged: () => boolean;
  readonly #onProlonged: () => void;
  readonly #sayOver: () => void;
  #stopWaiting = nothing;
  #immediate: NodeJS.Immediate | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  #arrivals = 0;
  #seen = 0;
  /** The turn that is under way counts for nothing: it may be past its accepts. */
  #emptyTurns = -1;
  /** Without an accept. A request on a connection that is open is none. */
  #pausedTurns = -1;
  /** Without an arrival that is no request. */
  #quietTurns = -1;
  #begun = 0;
  /** When the bound began to count. */
  #boundBegun = 0;
  #wasPause = false;
  #lastArrival = 0;
  #lastTurn = 0;

  /**
   * @param close - Called once, with the time (of `performance.now()`) at which the bound ends, for
   * what else has to be over by then.
   */
  constructor(
    {
      source,
      events,
      carried,
      delay = 0,
      onPause = nothing,
      isProlonged = never,
      onProlonged = nothing,
    }: LastCallTerms,
    close: (deadline: number) => void,
  ) {
    this.#source = source;
    this.#events = events;
    this.#carried = carried;
    this.#close = close;
    this.#onPause = onPause;
    this.#isProlonged = isProlonged;
    this.#onProlonged = onProlonged;
    this.#sayOver = beginLastCall(source);
    for (const event of events) {
      hear(source, event, event === this.#carried ? this.#countCarried : this.#count);
    }
    hear(source, 'connection', this.#countAccept);
    if (delay > 0) this.#timer = after(delay, this.#begin);
    else this.#begin();
  }

  /** Ends the wait without a close. */
  cancel(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#stopWaiting();
    for (const event of this.#events) {
      unhear(this.#source, event, event === this.#carried ? this.#countCarried : this.#count);
    }
    unhear(this.#source, 'connection', this.#countAccept);
    this.#sayOver();
  }

  readonly #begin = (): void => {
    this.#immediate = setImmediate(this.#turn);
  };

  readonly #count = (): void => {
    this.#arrivals += 1;
    this.#quietTurns = -1;
  };

  readonly #countCarried = (): void => {
    this.#arrivals += 1;
  };

  readonly #countAccept = (): void => {
    this.#pausedTurns = -1;
  };

  readonly #turn = (): void => {
    if (this.#isProlonged()) return this.#prolong();
    const now = performance.now();
    // The clock starts with the first turn: whoever aborts may block the loop for a while after.
    if (this.#emptyTurns < 0) this.#begun = this.#lastArrival = this.#boundBegun = now;
    // Handlers ran in a pause, however long, and their clients come back.
    if (this.#wasPause) this.#boundBegun = now;
    const hasArrivals = this.#arrivals !== this.#seen;
    this.#emptyTurns = hasArrivals ? 0 : this.#emptyTurns + 1;
    if (hasArrivals) this.#lastArrival = now;
    if (this.#isOver(now) || this.#isEmpty(now)) return this.#end();
    this.#pausedTurns += 1;
    this.#quietTurns += 1;
    const isFirst = now - this.#begun < HANDING_OUT_MS;
    this.#wasPause = isFirst && this.#pausedTurns >= EMPTY_TURNS;
    if (this.#wasPause) this.#onPause();
    this.#seen = this.#arrivals;
    this.#lastTurn = now;
    this.#immediate = setImmediate(this.#turn);
  };

  /** Those who come by the other server are let in as long as that accepts, and no longer. */
  #prolong(): void {
    this.#begun = this.#boundBegun = performance.now();
    this.#stopWaiting = onLastCallOver(() => this.#isProlonged() || this.#end());
    this.#onProlonged();
  }

  #end(): void {
    this.#close(this.#boundBegun + LAST_CALL_MS);
    this.cancel();
  }

  #isOver(now: number): boolean {
    return now - this.#boundBegun >= LAST_CALL_MS || this.#arrivals >= LAST_CALL_CONNECTIONS;
  }

  #isEmpty(now: number): boolean {
    const isLate = now - this.#begun >= BRIEF_PATIENCE_MS;
    if (isLate && this.#quietTurns >= EMPTY_TURNS) return true;
    if (this.#emptyTurns < EMPTY_TURNS || now - this.#lastTurn >= BRIEF_MS) return false;
    return now - this.#lastArrival >= PAUSE_MS || now - this.#begun >= PAUSE_PATIENCE_MS;
  }
}
