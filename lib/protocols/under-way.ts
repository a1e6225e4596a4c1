import { after } from '../primitives/after.ts';
import type { CarrierTracker, HandshakeTracker } from './trackers.ts';
import { type End, inSlices } from '../shutdown/in-slices.ts';
import type { KnownServer } from './known-server.ts';
import type { OpenList } from '../shutdown/open-list.ts';
import type { OnStraggler } from '../shutdown/stragglers.ts';
import { setImmediate } from '../primitives/timers.ts';

/** How a shutdown treats requests and handshakes that are served to their end. */
export interface Politeness {
  /** Milliseconds that an idle HTTP connection has for one more request. */
  readonly idle: number;
  readonly onStraggler: OnStraggler;
}

const nothing = (): void => {};

/**
 * What a server has under way besides the connections that it brings. That is handshakes, and for
 * connections that are requests, the connections that carry them.
 */
export class UnderWay {
  readonly #handshakes: HandshakeTracker | undefined;
  readonly #carriers: CarrierTracker | undefined;
  readonly #politeness: Politeness | undefined;
  readonly #endsIdle: boolean;
  #stopWaiting = nothing;
  /** The ends of handshakes whose time is over. Taken out when they are called. */
  #lateEnds: Iterator<End, undefined, undefined> & Iterable<End> = [].values();
  /** When the shutdown began, of `performance.now()`. */
  #begun = 0;

  /** @param politeness - Without it, HTTP connections end after their present request. */
  constructor(known: KnownServer, politeness: Politeness | undefined) {
    this.#politeness = politeness;
    this.#endsIdle = known.endsIdle === true;
    this.#handshakes = known.handshakes?.();
    // With an event other than 'request', the owner handles the requests and ends their
    // connections. A shutdown with politeness still leaves no connection open.
    if (politeness || known.connections.isCarried) this.#carriers = known.carriers?.();
  }

  /**
   * Whether handshakes or requests may come later, whose clients would hang if nothing listened.
   */
  get hasLatecomers(): boolean {
    return this.#handshakes !== undefined || this.#carriers !== undefined;
  }

  /** How many connections that carry requests are open. */
  get size(): number {
    return this.#carriers?.size ?? 0;
  }

  /**
   * Whether a socket is followed as such a connection. `onGone` is then called with it when it has
   * gone.
   */
  follows(socket: object): boolean {
    return this.#carriers?.follows(socket) === true;
  }

  /** Whether the `'close'` of such a socket, which has closed, will still be heard. */
  tells(socket: object): boolean {
    return this.#carriers?.tells(socket) === true;
  }

  set onGone(callback: (socket: object) => void) {
    if (this.#carriers) this.#carriers.onGone = callback;
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
   * Begins a shutdown: responses say that they are the last of their HTTP connection.
   *
   * With politeness, they say so only once the listener is closed. A client that is told earlier
   * would come back to this very server. If closing the listener ends idle connections, they say so
   * at once.
   */
  begin(): void {
    this.#begun = performance.now();
    this.#carriers?.begin();
    if (!this.#politeness || this.#endsIdle) this.#carriers?.goAway();
  }

  /** Lets the last call get ahead of handlers that compute. Lasts until the listener is closed. */
  holdBack(most: number = Infinity): void {
    this.#carriers?.holdBack(most);
  }

  /**
   * Waits after the listener has closed. Calls back once nothing under way can become a connection.
   *
   * @param deadline - Of `performance.now()`, or `Infinity`. It ends handshakes, and without
   * politeness also the wait for the first request of an HTTP connection.
   * @param isForced - Whether the end by force comes at once: then idle connections get no time.
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
    // In the next turn: this turn may still bring what the change has made a connection.
    const onChange = onceATurn(check);
    if (this.#handshakes) this.#handshakes.onChange = onChange;
    if (this.#carriers) this.#carriers.onChange = onChange;
    check();
  }

  /**
   * Stops waiting.
   *
   * @returns What ends by force what is left, and lists it. Without politeness, it ends idle HTTP
   * connections, and leaves the others to their owners.
   */
  force(): End[] {
    this.#stopWaiting();
    const handshakes = [...this.#lateEnds, ...this.#handshakeEnds()];
    const politeness = this.#politeness;
    const carriers = politeness
      ? this.#carriers?.force(politeness.onStraggler)
      : this.#carriers?.end();
    return [...handshakes, ...(carriers ?? [])];
  }

  /** Forgets what is gone without an event. */
  sweep(): void {
    this.#handshakes?.sweep();
    this.#carriers?.sweep();
  }

  /** All connections have closed: what is left is a handshake. @returns What ends these. */
  forceUnknownHandshakes(): Iterable<End> {
    return this.#handshakes?.forceUnknownHandshakes(this.#politeness?.onStraggler ?? nothing) ?? [];
  }

  #handshakeEnds(): End[] {
    return this.#handshakes?.force(this.#politeness?.onStraggler ?? nothing) ?? [];
  }
}

/** Calls back in the next turn, once for all calls of this turn. */
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
