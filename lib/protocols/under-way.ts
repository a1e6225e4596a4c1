import type { EventEmitter } from 'node:events';
import type { Http2Session } from 'node:http2';
import { after } from '../primitives/after.ts';
import { Handshakes } from './tls.ts';
import type { Patience } from './http/http1-connection.ts';
import { HttpConnections } from './http/connections.ts';
import { type End, inSlices } from '../shutdown/in-slices.ts';
import type { ServerKind } from './recognise.ts';
import type { OnStraggler } from '../shutdown/stragglers.ts';
import { timeoutOf } from './http/node-timeout.ts';
import { setImmediate } from '../primitives/timers.ts';

/** How a shutdown treats what is under way when it is to be served to its end. */
export interface Politeness {
  /** Milliseconds that an idle HTTP connection has for one more request. */
  readonly idle: number;
  readonly onStraggler: OnStraggler;
}

const nothing = (): void => {};

/**
 * What a server has under way besides the connections that it brings: TLS handshakes, and of an
 * HTTP server, whose connections are requests, the connections that bring them.
 */
export class UnderWay {
  readonly #server: EventEmitter;
  readonly #handshakes: Handshakes | undefined;
  readonly #http: HttpConnections | undefined;
  readonly #politeness: Politeness | undefined;
  readonly #endsIdle: boolean;
  #stopWaiting = nothing;
  /** What ends handshakes whose time is over, as far as it is still to be done. */
  #lateEnds: Iterator<() => void, undefined, undefined> & Iterable<() => void> = [].values();
  /** When the shutdown began, of `performance.now()`. */
  #begun = 0;

  /** @param politeness - Without it, HTTP connections end with their present request. */
  constructor(server: EventEmitter, kind: ServerKind, politeness: Politeness | undefined) {
    this.#server = server;
    this.#politeness = politeness;
    this.#endsIdle = kind.endsIdle === true;
    if (kind.tls) this.#handshakes = new Handshakes(server);
    // With another event the requests are their owner's, and so is their end; a serving leaves no
    // connection open all the same.
    if (kind.http !== undefined && (politeness || kind.connections.event === 'request')) {
      this.#http = new HttpConnections(server, kind.http);
    }
  }

  /** Whether it brings anything that would hang if nobody listened. */
  get hasLatecomers(): boolean {
    return this.#handshakes !== undefined || this.#http !== undefined;
  }

  /** The HTTP/2 sessions that are open. */
  get sessions(): Iterable<Http2Session> {
    return this.#http?.sessions ?? [];
  }

  /** How many HTTP connections are open. */
  get size(): number {
    return this.#http?.size ?? 0;
  }

  /** Whether an HTTP/1 connection is idle, or seems so to Node. */
  get looksIdle(): boolean {
    return this.#http?.looksIdle === true;
  }

  /**
   * A shutdown begins. HTTP responses say that they are the last ones; the polite ones not before
   * the listener is closed, for who is told to go would come back to this very server; unless
   * closing it ends the idle ones.
   */
  begin(): void {
    this.#begun = performance.now();
    if (!this.#politeness || this.#endsIdle) this.#http?.announceClose();
  }

  /** Lets the last call get ahead of handlers that compute, until the listener is closed. */
  holdBack(): void {
    this.#http?.holdBack();
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
      if (this.#politeness ? !this.#http?.size : isBoundOver || !this.#http?.newcomers) onDone();
    };
    if (this.#politeness && !isForced) this.#http?.drain(this.#patience(this.#politeness));
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
    if (this.#http) this.#http.onChange = onChange;
    check();
  }

  /** Nothing is waited for any more. @returns What ends by force what is left, and lists it. */
  force(): End[] {
    this.#stopWaiting();
    const handshakes = [...this.#lateEnds, ...this.#handshakeEnds()];
    if (this.#politeness) {
      return [...handshakes, ...(this.#http?.force(this.#politeness.onStraggler) ?? [])];
    }
    this.#http?.end();
    return handshakes;
  }

  /** Forgets what is gone though nobody has heard of it. */
  sweep(): void {
    this.#handshakes?.sweep();
    this.#http?.sweep();
  }

  /** Whether there may be a handshake that is not known for one. */
  get hasRest(): boolean {
    return this.#handshakes?.hasRest === true;
  }

  /** Every connection that has come of it is closed. @returns What ends the rest. */
  endsOfRest(): End[] {
    return this.#handshakes?.endsOfRest(this.#politeness?.onStraggler ?? nothing) ?? [];
  }

  #handshakeEnds(): (() => void)[] {
    return this.#handshakes?.ends(this.#politeness?.onStraggler ?? nothing) ?? [];
  }

  #patience({ idle, onStraggler }: Politeness): Patience {
    const times = {
      headersTimeout: timeoutOf(this.#server, 'headersTimeout'),
      requestTimeout: timeoutOf(this.#server, 'requestTimeout'),
    };
    return { begun: this.#begun, idle, ...times, onStraggler };
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
