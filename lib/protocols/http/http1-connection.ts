import type { Patience } from '../trackers.ts';
import { FIRST_REQUEST_MS } from '../../bounds.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Alarm, type Alarms } from './alarm.ts';
import { now } from '../../primitives/clock.ts';
import { LinkedList } from '../../primitives/linked-list.ts';
import { type ExchangeOwner, isArriving, OpenExchange } from './open-exchange.ts';
import { guard } from '../protocol.ts';
import { endIdle, endSoon } from '../end-soon.ts';
import { LastResponse } from './last-response.ts';
import { endStalledUpload, REQUEST_TIMEOUT } from './request-timeout.ts';
import { hasLeft } from '../../primitives/has-left.ts';
import { attemptOf } from '../../primitives/hear.ts';
import type { OpenState, Straggler } from '../../reports.ts';
import type { OpenList } from '../../shutdown/open-list.ts';
import { type OnStraggler, stragglerOf } from '../../shutdown/stragglers.ts';
import { requestLineOf } from './request-line.ts';

/** The bytes of an empty line, which some clients send behind a body. */
const LINE_BREAK = 2;

/**
 * The states have Go's names, except `half a request`: something has come that is no whole request
 * yet, or stray bytes.
 */
export type HttpState = 'new' | 'idle' | 'half a request' | 'active' | 'upgraded' | 'closed';

/** The owner of this connection: it has all HTTP/1 connections of one server. */
export interface Http1Owner {
  /**
   * Whether a shutdown has begun. Only then does the time matter at which a connection began to
   * rest.
   */
  readonly isEnding: boolean;
  readonly alarms: Alarms;
  /** Called when an exchange is over. */
  onRest(connection: Http1Connection): void;
}

/** How long to wait for a connection that has no exchange under way. */
export interface HttpPatience extends Patience {
  /** Milliseconds for the rest of half a head. */
  readonly headersTimeout: number;
  /** Milliseconds for a request, from its head to the end of its body. */
  readonly requestTimeout: number;
}

/**
 * One HTTP/1 connection: its exchanges under way, and how it ends. A client may pipeline any number
 * of requests. So the work for each request does not depend on how many are open.
 */
export class Http1Connection implements ExchangeOwner {
  readonly socket: Socket;
  readonly #owner: Http1Owner;
  /** When it was accepted, of `now()`. */
  readonly #since = now();
  /** The exchanges that are not over, in order of arrival. */
  readonly #open = new LinkedList<OpenExchange>();
  /**
   * `bytesRead` when the last request had arrived. Later bytes are a request, or belong to an
   * upgrade.
   */
  #arrivedTo = 0;
  /** `bytesWritten` when the last exchange was over. */
  #answeredTo = 0;
  /** When the last exchange was over, of `now()`; 0 if that was before a shutdown. */
  #restingSince = 0;
  /** Missing before a shutdown, as the alarm is. */
  #lastResponse: LastResponse | undefined;
  #isUpgraded = false;
  #patience: HttpPatience | undefined;
  #alarm: Alarm | undefined;

  constructor(socket: Socket, owner: Http1Owner) {
    this.socket = socket;
    this.#owner = owner;
    // A client may pipeline a request for a tunnel behind another request. Then Node no longer
    // listens to the socket, and the answer to the earlier request may fail.
    socket.on('error', guard);
  }

  get state(): HttpState {
    if (this.#isUpgraded) return 'upgraded';
    if (this.socket.destroyed) return 'closed';
    if (this.#open.size > 0) return 'active';
    const { bytesRead, bytesWritten } = this.socket;
    // Node itself answers some requests: with an unknown `Expect`, or beyond the number of requests
    // that a socket may bring.
    if (bytesRead > this.#arrivedTo + LINE_BREAK && bytesWritten <= this.#answeredTo)
      return 'half a request';
    return this.#arrivedTo === 0 ? 'new' : 'idle';
  }

  /** Whether it waits for a request of which nothing has come. */
  get isIdle(): boolean {
    const { state } = this;
    return state === 'new' || state === 'idle';
  }

  /** Whether it is idle, or seems so to Node: an answer may still be leaving. */
  get looksIdle(): boolean {
    // Answers leave in order.
    return this.isIdle || this.#open.first?.response.writableEnded === true;
  }

  /** Notes that a request has come. */
  begin(request: IncomingMessage, response: ServerResponse): void {
    // A listener for 'checkContinue' may emit 'request' for an exchange that is known already.
    if (this.#open.last?.response === response) return;
    const exchange = new OpenExchange(request, response, this);
    this.#open.add(exchange);
    this.#alarm?.clear();
    exchange.follow();
    this.#awaitUpload();
  }

  onArrived(exchange: OpenExchange): void {
    if (this.#open.last === exchange) this.#arrivedTo = this.socket.bytesRead;
  }

  onOver(exchange: OpenExchange): void {
    if (!this.#open.delete(exchange)) return;
    this.#rest();
    this.#owner.onRest(this);
  }

  /** From now on it is no HTTP connection any more. Other code owns the socket. */
  upgrade(): void {
    this.#isUpgraded = true;
    // Its owner may have removed all listeners from it before.
    this.socket.on('error', guard);
    this.#alarm?.clear();
  }

  /**
   * Lets the last response say that it is the last.
   *
   * @param requestTimeout - Milliseconds for which its request may still arrive after the answer.
   */
  goAway(requestTimeout: number): void {
    if (this.#open.last === undefined) return;
    this.#lastResponse ??= new LastResponse();
    this.#lastResponse.be(this.#open.last, this.socket, requestTimeout);
  }

  /** Ends the connection if it has nothing under way. */
  endIfIdle(): void {
    if (this.isIdle) endSoon(this.socket);
  }

  /** From now on ends the connection once it has had nothing under way for a while. */
  drain(patience: HttpPatience): void {
    this.#patience = patience;
    this.#alarm ??= new Alarm(this.#owner.alarms);
    this.#await();
    this.#awaitUpload();
  }

  /**
   * Ends exchanges that are over without an event. Answers leave in order, so that it may stop at
   * the first open one.
   */
  sweep(): void {
    for (let { first } = this.#open; first?.response.closed; { first } = this.#open) {
      if (!first.request.complete) return;
      first.finish();
    }
  }

  /** Stops the alarm. */
  leave(): void {
    this.#alarm?.clear();
  }

  /** Lists the connection, unless it has been ended. */
  listOpen(list: OpenList): void {
    const { socket } = this;
    if (attemptOf(socket, 'destroyed', () => socket.destroyed)) return;
    const kind = attemptOf(socket, 'state', () => this.#kind) ?? 'connection';
    const state = attemptOf(socket, 'state', () => this.#openState) ?? 'running';
    list.add(socket, state, this.#since, () => this.#describe(kind));
  }

  /** What ends the connection by force. @param onStraggler - Told of it, just before. */
  force(onStraggler: OnStraggler): () => void {
    this.leave();
    return () => {
      // It was ended as a request that `serve` had, and listed as that; or another process has it.
      if (this.socket.destroyed || hasLeft(this.socket)) return;
      onStraggler(this.#describe(this.#kind), this.socket);
      // TLS has a goodbye of its own.
      if ('encrypted' in this.socket) this.endIfIdle();
      this.socket.destroy();
    };
  }

  get #kind(): Straggler['kind'] {
    const { state } = this;
    if (state === 'upgraded') return 'upgrade';
    return state === 'active' || state === 'half a request' ? 'request' : 'connection';
  }

  get #openState(): OpenState {
    const { state } = this;
    if (state === 'half a request' || state === 'upgraded') return state;
    const { request, response } = this.#served ?? {};
    if (!request || !response) return 'idle';
    if (!response.writableEnded) return 'running';
    return response.writableFinished && isArriving(request) ? 'half a request' : 'flushing';
  }

  /** The first exchange that is not answered. If all are answered, the first one. */
  get #served(): OpenExchange | undefined {
    let exchange = this.#open.first;
    while (exchange?.response.writableEnded) exchange = exchange.next;
    return exchange ?? this.#open.first;
  }

  #describe(kind: Straggler['kind']): Straggler {
    const { socket } = this;
    const request = attemptOf(socket, 'request', () => this.#served?.request);
    const line = this.#isUpgraded ? {} : requestLineOf(request);
    return stragglerOf(kind, socket, this.#since, line);
  }

  /** Whether its next request has not come, or not completely. */
  get #isWaiting(): boolean {
    const { state } = this;
    return state === 'new' || state === 'idle' || state === 'half a request';
  }

  #rest(): void {
    this.#answeredTo = this.socket.bytesWritten;
    if (this.#owner.isEnding) this.#restingSince = now();
    this.#await();
  }

  /** Waits for one more request. */
  #await(): void {
    const patience = this.#patience;
    if (patience === undefined || !this.#isWaiting) return;
    const { idle, headersTimeout } = patience;
    const least = this.#arrivedTo === 0 ? FIRST_REQUEST_MS : 0;
    this.#wait(patience, Math.max(idle, least), () => {
      if (this.isIdle) endIdle(this.socket);
      if (this.state === 'half a request')
        this.#wait(patience, headersTimeout, () => this.#timeOut(patience));
    });
  }

  /**
   * Waits for the rest of a request. Node itself does not check that any more once the server is
   * closed, and a client could stall for ever.
   */
  #awaitUpload(): void {
    const patience = this.#patience;
    const { last, first } = this.#open;
    if (!patience || !last || !first || !isArriving(last.request)) return;
    const look = (): void => {
      const { request, response } = last;
      const isLet = this.#lastResponse?.lets(request) && response.writableFinished;
      if (this.#open.last !== last || !isArriving(request) || isLet) return;
      patience.onStraggler(this.#describe('request'), this.socket);
      endStalledUpload(this.socket, first.response);
    };
    this.#alarm?.setBehindInput(last.since + patience.requestTimeout, look);
  }

  /**
   * Calls back at a time, if the connection is still waiting then. The milliseconds count from the
   * latest of these: the accept, the end of the last exchange, the beginning of the shutdown.
   */
  #wait(patience: HttpPatience, milliseconds: number, callback: () => void): void {
    const time = Math.max(patience.begun, this.#restingSince, this.#since) + milliseconds;
    this.#alarm?.setBehindInput(time, () => {
      if (this.#isWaiting) callback();
    });
  }

  /**
   * Ends the connection with `408`: the rest of the head has not come. Node itself does not check
   * that any more once the server is closed.
   */
  #timeOut({ onStraggler }: HttpPatience): void {
    onStraggler(this.#describe('request'), this.socket);
    // Its owner may have removed all listeners from it, also Node's.
    this.socket.on('error', guard);
    this.socket.write(REQUEST_TIMEOUT);
    endSoon(this.socket);
  }
}
