import type { Patience } from '../trackers.ts';
import { FIRST_REQUEST_MS, LAST_CALL_MS } from '../../bounds.ts';
import { now } from '../../primitives/clock.ts';
import { endIdle, endSoon } from '../end-soon.ts';
import { attempt } from '../../primitives/attempt.ts';
import { guard } from '../protocol.ts';
import { Alarm, type Alarms } from './alarm.ts';
import type { Http1Connection } from './http1-connection.ts';
import { describe } from './http1-listing.ts';
import { InputBehind } from './input-behind.ts';
import { LastResponse } from './last-response.ts';
import { isArriving } from './open-exchange.ts';
import { endStalledUpload, REQUEST_TIMEOUT } from './request-timeout.ts';
import { setImmediate } from '../../primitives/timers.ts';
import { warnOfRejection } from '../../primitives/warn-of-rejection.ts';

/** How long to wait for a connection that has no exchange under way. */
export interface HttpPatience extends Patience {
  /** Milliseconds for the rest of half a head. */
  readonly headersTimeout: number;
  /** Milliseconds for a request, from its head to the end of its body. */
  readonly requestTimeout: number;
}

/**
 * How an HTTP/1 connection comes to its end in a shutdown. It is made only then, because a server
 * may have 100 000 idle connections.
 */
export class Http1Ending {
  readonly #connection: Http1Connection;
  readonly #alarm: Alarm;
  /** When the last exchange was over, of `now()`; 0 if that was before the shutdown. */
  #restingSince = 0;
  #lastResponse: LastResponse | undefined;
  #patience: HttpPatience | undefined;
  /** `undefined` once it was wrong, or the time for it is over. */
  #input: InputBehind | undefined;
  /** Whether another request seems to come behind the last one, in this turn. */
  #isFollowed = false;
  /** How many such requests have come in this turn. */
  #followed = 0;

  constructor(connection: Http1Connection, alarms: Alarms) {
    this.#connection = connection;
    this.#alarm = new Alarm(alarms);
    this.#input = new InputBehind(connection.socket);
  }

  /**
   * Lets the last response say that it is the last. If its handler answers in this very turn, the
   * requests that are pipelined behind it would be lost: then it is not the last.
   *
   * @param requestTimeout - Milliseconds for which its request may still arrive after the answer.
   */
  goAway(requestTimeout: number): void {
    const { last, socket } = this.#connection;
    if (last === undefined) return;
    if (this.#isFollowed) {
      this.#followed += 1;
      if (this.#followed === 1) setImmediate(() => attempt(() => this.#onTurn(requestTimeout)));
      return;
    }
    this.#lastResponse ??= new LastResponse();
    this.#lastResponse.be(last, socket, requestTimeout);
  }

  /** From now on ends the connection once it has had nothing under way for a while. */
  drain(patience: HttpPatience): void {
    this.#patience = patience;
    this.#await();
    this.#awaitUpload();
  }

  /** A request has come. */
  onBegin(): void {
    this.#alarm.clear();
    this.#awaitUpload();
    const { last } = this.#connection;
    if (this.#isLate) this.#input = undefined;
    this.#isFollowed = last !== undefined && this.#input?.note(last.request) === true;
  }

  /**
   * Whether an idle connection has been ended by now. A client whose requests look as if more were
   * behind them could hold the shutdown for ever.
   */
  get #isLate(): boolean {
    if (this.#patience === undefined) return false;
    const { begun, idle } = this.#patience;
    return performance.now() > begun + 2 * LAST_CALL_MS + idle;
  }

  /** An exchange is over. */
  onRest(): void {
    this.#restingSince = now();
    this.#await();
  }

  /** The turn is over in which requests have come that seemed to have more behind them. */
  #onTurn(requestTimeout: number): void {
    // Nothing has come behind a single request.
    if (this.#isFollowed && this.#followed === 1) this.#input = undefined;
    this.#followed = 0;
    this.#isFollowed = false;
    this.goAway(requestTimeout);
  }

  /** Stops the alarm. */
  leave(): void {
    this.#alarm.clear();
  }

  /** Waits for one more request. */
  #await(): void {
    const patience = this.#patience;
    const connection = this.#connection;
    if (patience === undefined || !connection.isWaiting) return;
    const { idle, headersTimeout } = patience;
    const least = connection.hasAsked ? 0 : FIRST_REQUEST_MS;
    this.#wait(patience, Math.max(idle, least), () => {
      if (connection.isIdle) endIdle(connection.socket);
      if (connection.state === 'half a request')
        this.#wait(patience, headersTimeout, () => this.#timeOut(patience));
    });
  }

  /**
   * Waits for the rest of a request. Node itself does not check that any more once the server is
   * closed, and a client could stall for ever.
   */
  #awaitUpload(): void {
    const patience = this.#patience;
    const connection = this.#connection;
    const { last, first } = connection;
    if (!patience || !last || !first || !isArriving(last.request)) return;
    const look = (): void => {
      const { request, response } = last;
      const isLet = this.#lastResponse?.lets(request) && response.writableFinished;
      if (connection.last !== last || !isArriving(request) || isLet) return;
      patience.onStraggler(describe(connection, 'request'), connection.socket);
      endStalledUpload(connection.socket, first.response);
    };
    this.#alarm.setBehindInput(last.since + patience.requestTimeout, look);
  }

  /**
   * Calls back at a time, if the connection is still waiting then. The milliseconds count from the
   * latest of these: the accept, the end of the last exchange, the beginning of the shutdown.
   */
  #wait(patience: HttpPatience, milliseconds: number, callback: () => void): void {
    const connection = this.#connection;
    const since = Math.max(patience.begun, this.#restingSince, connection.since);
    this.#alarm.setBehindInput(since + milliseconds, () => {
      if (connection.isWaiting) callback();
    });
  }

  /**
   * Ends the connection with `408`: the rest of the head has not come. Node itself does not check
   * that any more once the server is closed.
   */
  #timeOut({ onStraggler }: HttpPatience): void {
    const { socket } = this.#connection;
    onStraggler(describe(this.#connection, 'request'), socket);
    // Its owner may have removed all listeners from it, also Node's.
    socket.on('error', guard);
    warnOfRejection(socket.write(REQUEST_TIMEOUT));
    endSoon(socket);
  }
}
