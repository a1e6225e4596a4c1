import { after } from '../primitives/after.ts';
import type { CarrierTracker, HandshakeTracker } from './trackers.ts';
import { type End, inSlices } from '../shutdown/in-slices.ts';
import type { KnownServer } from './known-server.ts';
import type { OpenList } from '../shutdown/open-list.ts';
import type { OnStraggler } from '../shutdown/stragglers.ts';
import { setImmediate } from '../primitives/timers.ts';

/** How a shutdown treats what is under way when it is to be served to its end. */
export interface Politeness {
  /** Milliseconds that an idle HTTP connection has for one more request. */
  readonly idle: number;
  readonly onStraggler: OnStraggler;
}

const nothing = (): void => {};

/**
 * What a server has under way besides the connections that it brings: handshakes, and where its
 * connections are requests, those that bring them.
 */
export class UnderWay {
  readonly #handshakes: HandshakeTracker | undefined;
  readonly #carriers: CarrierTracker | undefined;
  readonly #politeness: Politeness | undefined;
  readonly #endsIdle: boolean;
  #stopWaiting = nothing;
  /** What ends handshakes whose time is over, as far as it is still to be done. */
  #lateEnds: Iterator<End, undefined, undefined> & Iterable<End> = [].values();
  /** When the shutdown began, of `performance.now()`. */
  #begun = 0;

  /** @param politeness - Without it, HTTP connections end with their present request. */
  constructor(known: KnownServer, politeness: Politeness | undefined) {
    this.#politeness = politeness;
    this.#endsIdle = known.endsIdle === true;
    this.#handshakes = known.handshakes?.();
    // With another event the requests are their owner's, and so is their end; a serving leaves no
    // connection open all the same.
    if (politeness || known.connections.isCarried) this.#carriers = known.carriers?.();
  }

  /** Whether it brings anything that would hang if nobody listened. */
  get hasLatecomers(): boolean {
    return this.#handshakes !== undefined || this.#carriers !== undefined;
  }

  /** How many connections are open that bring requests. */
  get size(): number {
    return this.#carriers?.size ?? 0;
  }

  /** Whether one of these is idle, or seems so to Node. */
  get looksIdle(): boolean {
    return this.#carriers?.looksIdle === true;
  }

  /** Lists what is open now. */
  listOpen(list: OpenList): void {
    this.#handshakes?.listOpen(list);
    this.#carriers?.listOpen(list);
  }

  /**
   * A shutdown begins. HTTP responses say that they are the last ones; the polite ones not before
   * the listener is closed, for who is told to go would come back to this very server; unless
   * closing it ends the idle ones.
   */
  begin(): void {
    this.#begun = performance.now();
    this.#carriers?.begin();
    if (!this.#politeness || this.#endsIdle) this.#carriers?.goAway();
  }

  /** Lets the last call get ahead of handlers that compute, until the listener is closed. */
  holdBack(most: number = Infinity): void {
    this.#carriers?.holdBack(most);
  }

  /**
   * The listener is closed. Calls back once nothing under way can become a connection any more.
   *
   * @param deadline - Of `performance.now()`, or `Infinity`: for handshakes, and for the first
   * request of HTTP connections. Politeness has no deadline.
   * @param isForced - The end by force comes at once: no time is given to what is idle.
   */
  wait(deadline: number, onDone: () => void, isForced = false): void {
    let isBoundOver = false;
    let isEnding = false;
    const check = (): void => {
      if (this.#handshakes?.size || isEnding) return;
      if (this.#politeness ? !this.#carriers?.size : isBoundOver || !this.#carriers?.newcomers)
        onDone();
    };
    if (this.#politeness && !isForced)
      this.#carriers?.drain({ ...this.#politeness, begun: this.#begun });
    const onBound = (): void => {
      isBoundOver = isEnding = true;
      this.#lateEnds = this.#handshakeEnds().values();
      inSlices(this.#lateEnds, () => {
        isEnding = false;
        check();
      });
    };
    const timer = after(deadline - performance.now(), onBound);
    this.#stopWaiting = (): void => clearTimeout(timer);
    // In the next turn: this one may still be bringing what the change has made a connection.
    const onChange = onceATurn(check);
    if (this.#handshakes) this.#handshakes.onChange = onChange;
    if (this.#carriers) this.#carriers.onChange = onChange;
    check();
  }

  /** Nothing is waited for any more. @returns What ends by force what is left, and lists it. */
  force(): End[] {
    this.#stopWaiting();
    const handshakes = [...this.#lateEnds, ...this.#handshakeEnds()];
    if (this.#politeness) {
      return [...handshakes, ...(this.#carriers?.force(this.#politeness.onStraggler) ?? [])];
    }
    this.#carriers?.end();
    return handshakes;
  }

  /** Forgets what is gone though nobody has heard of it. */
  sweep(): void {
    this.#handshakes?.sweep();
    this.#carriers?.sweep();
  }

  /** Whether there are TLS sockets without an address, which may be handshakes. */
  get hasUnknownHandshakes(): boolean {
    return this.#handshakes?.hasUnknownHandshakes === true;
  }

  /** All connections have closed: what is left is a handshake. @returns What ends these. */
  forceUnknownHandshakes(): End[] {
    return this.#handshakes?.forceUnknownHandshakes(this.#politeness?.onStraggler ?? nothing) ?? [];
  }

  #handshakeEnds(): End[] {
    return this.#handshakes?.force(this.#politeness?.onStraggler ?? nothing) ?? [];
  }
}

/** Calls back in the next turn, once for all calls of this one. */
function onceATurn(callback: () => void): () => void {
  let isPending = false;
  const call = (): void => {
    isPending = false;
    callback();
  };
  return () => {
    if (!isPending) setImmediate(call);
    isPending = true;
  };
}
