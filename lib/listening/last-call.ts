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

/** Which emitter takes a last call, and how. */
export interface LastCallTerms {
  /** The emitter whose events are counted until the end. */
  readonly source: EventEmitter;
  /** The events that show an arrival. */
  readonly events: Iterable<string>;
  /** The one of these events that may come over an open connection, and so shows no accept. */
  readonly carried?: string | undefined;
  /** Milliseconds before the last call begins. */
  readonly delay?: number | undefined;
  /**
   * Called during the first `HANDING_OUT_MS`, in each turn in which no client waits in the accept
   * queue. Work in such a turn delays no client.
   */
  readonly onPause?: (() => void) | undefined;
  /**
   * Whether the server that brings this one's connections is in its last call. This one waits until
   * that last call is over.
   */
  readonly isProlonged?: (() => boolean) | undefined;
  /** Whether another server may wait for this last call in that way. */
  readonly bringsUpgrades?: boolean | undefined;
  /** Called when that wait begins. */
  readonly onProlonged?: (() => void) | undefined;
}

const nothing = (): void => {};
const never = (): boolean => false;

/**
 * The wait until the kernel's accept queue is empty. It calls `close` at a moment when no client is
 * likely to enter the queue:
 *
 * - two whole turns of the event loop have brought nothing;
 * - the last of these turns was brief;
 * - the burst, if there was one, is over.
 *
 * The wait is bounded.
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
  /** Those of the arrivals that came over open connections. */
  #carriedArrivals = 0;
  #seen = 0;
  /** Empty turns in a row. The turn under way does not count: its accepts may be over. */
  #emptyTurns = -1;
  /** Turns in a row without an accept. A request on an open connection is not an accept. */
  #pausedTurns = -1;
  /** Turns in a row without an arrival other than a request on an open connection. */
  #quietTurns = -1;
  #begun = 0;
  /** When the time of the bound began, of `performance.now()`. */
  #boundBegun = 0;
  #wasPause = false;
  #lastArrival = 0;
  #lastTurn = 0;

  /**
   * @param close - Called once, with the time (of `performance.now()`) at which the bound ends.
   * Whatever else belongs to the last call has to be over by then.
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
      bringsUpgrades = false,
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
    this.#sayOver = bringsUpgrades ? beginLastCall(source) : nothing;
    for (const event of events) {
      hear(source, event, event === this.#carried ? this.#countCarried : this.#count);
    }
    hear(source, 'connection', this.#countAccept);
    if (delay > 0) this.#timer = after(delay, this.#begin);
    else this.#begin();
  }

  /** Ends the wait without a call of `close`. */
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
    this.#carriedArrivals += 1;
  };

  readonly #countAccept = (): void => {
    this.#pausedTurns = -1;
  };

  readonly #turn = (): void => {
    if (this.#isProlonged()) return this.#prolong();
    const now = performance.now();
    // The clock starts with the first turn: the code that aborts may block the loop for a while.
    if (this.#emptyTurns < 0) this.#begun = this.#lastArrival = this.#boundBegun = now;
    // Handlers ran in the pause, for however long, and their clients come back.
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

  /** Accepts clients as long as the other server takes its last call, and no longer. */
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
    const connections = this.#arrivals - this.#carriedArrivals;
    return now - this.#boundBegun >= LAST_CALL_MS || connections >= LAST_CALL_CONNECTIONS;
  }

  #isEmpty(now: number): boolean {
    const isLate = now - this.#begun >= BRIEF_PATIENCE_MS;
    if (isLate && this.#quietTurns >= EMPTY_TURNS) return true;
    if (this.#emptyTurns < EMPTY_TURNS || now - this.#lastTurn >= BRIEF_MS) return false;
    return now - this.#lastArrival >= PAUSE_MS || now - this.#begun >= PAUSE_PATIENCE_MS;
  }
}
