import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { now } from '../../primitives/clock.ts';
import { LinkedList } from '../../primitives/linked-list.ts';
import { type ExchangeOwner, OpenExchange } from './open-exchange.ts';
import { guard } from '../protocol.ts';
import { endSoon } from '../end-soon.ts';

/** The bytes of an empty line, which some clients send behind a body. */
const LINE_BREAK = 2;

/**
 * The states have Go's names, except `half a request`: something has come that is no whole request
 * yet, or stray bytes.
 */
export type HttpState = 'new' | 'idle' | 'half a request' | 'active' | 'upgraded' | 'closed';

/** What ends the HTTP/1 connections of one server. Each connection tells it when it rests. */
export interface Http1Owner {
  /** Called when an exchange is over. */
  onRest(connection: Http1Connection): void;
}

/**
 * One HTTP/1 connection, with its exchanges under way. A client may pipeline any number of requests.
 * So the work for each request does not depend on how many are open.
 *
 * A server may have 100 000 of them, and most are idle. So it has only the fields that an idle
 * connection needs. It has no private method, which would take one more word of memory in each.
 */
export class Http1Connection implements ExchangeOwner {
  readonly socket: Socket;
  /** When it was accepted, of `now()`. */
  readonly since: number = now();
  readonly #owner: Http1Owner;
  /** The exchanges that are not over, in order of arrival. Missing if there has been none lately. */
  #open: LinkedList<OpenExchange> | undefined;
  /**
   * `bytesRead` when the last request had arrived. Later bytes are a request, or belong to an
   * upgrade.
   */
  #arrivedTo = 0;
  /** `bytesWritten` when the last exchange was over. */
  #answeredTo = 0;
  /** With `'guarded'`, the socket has the guard of this connection. */
  #life: 'guarded' | 'resting' | 'upgraded' = 'guarded';

  constructor(socket: Socket, owner: Http1Owner) {
    this.socket = socket;
    this.#owner = owner;
    // A client may pipeline a request for a tunnel behind another request. Then Node no longer
    // listens to the socket, and the answer to the earlier request may fail.
    socket.on('error', guard);
  }

  get state(): HttpState {
    if (this.#life === 'upgraded') return 'upgraded';
    if (this.socket.destroyed) return 'closed';
    if (this.first !== undefined) return 'active';
    const { bytesRead, bytesWritten } = this.socket;
    // Node itself answers some requests: with an unknown `Expect`, or beyond the number of requests
    // that a socket may bring.
    if (bytesRead > this.#arrivedTo + LINE_BREAK && bytesWritten <= this.#answeredTo)
      return 'half a request';
    return this.hasAsked ? 'idle' : 'new';
  }

  /** Whether it has made a request. */
  get hasAsked(): boolean {
    return this.#arrivedTo !== 0;
  }

  /** Whether no request has come on it. */
  get isNewcomer(): boolean {
    return this.#life !== 'upgraded' && this.first === undefined && !this.hasAsked;
  }

  /** Whether it waits for a request of which nothing has come. */
  get isIdle(): boolean {
    const { state } = this;
    return state === 'new' || state === 'idle';
  }

  /** Whether its next request has not come, or not completely. */
  get isWaiting(): boolean {
    return this.isIdle || this.state === 'half a request';
  }

  /** Whether it is idle, or seems so to Node: an answer may still be leaving. */
  get looksIdle(): boolean {
    // Answers leave in order.
    return this.isIdle || this.first?.response.writableEnded === true;
  }

  /** The exchange that came first, of those that are not over. */
  get first(): OpenExchange | undefined {
    return this.#open?.first;
  }

  /** The exchange that came last. */
  get last(): OpenExchange | undefined {
    return this.#open?.last;
  }

  /**
   * Notes that a request has come.
   *
   * @param isChecked - Whether its `Expect` is left to its owner.
   */
  begin(request: IncomingMessage, response: ServerResponse, isChecked = false): void {
    this.keepGuard();
    const exchange = new OpenExchange(request, response, this, isChecked);
    this.#open ??= new LinkedList();
    this.#open.add(exchange);
    exchange.follow();
  }

  onArrived(exchange: OpenExchange): void {
    if (this.last === exchange) this.#arrivedTo = this.socket.bytesRead;
  }

  onOver(exchange: OpenExchange): void {
    if (!this.#open?.delete(exchange)) return;
    this.#answeredTo = this.socket.bytesWritten;
    this.#owner.onRest(this);
  }

  /** From now on it is no HTTP connection any more. Other code owns the socket. */
  upgrade(): void {
    this.#life = 'upgraded';
    // Its owner may have removed all listeners from it before.
    this.socket.on('error', guard);
  }

  /** Puts the guard back on a connection that rests. */
  keepGuard(): void {
    if (this.#life !== 'resting') return;
    this.#life = 'guarded';
    this.socket.on('error', guard);
  }

  /** Ends the connection if it has nothing under way. */
  endIfIdle(): void {
    if (this.isIdle) endSoon(this.socket);
  }

  /**
   * Ends exchanges that are over without an event. Answers leave in order, so that it may stop at
   * the first open one.
   *
   * @param isEnding - Whether the connection is to end. An upload that was answered, and that
   * nothing reads any more, is then let arrive: its client may read only after that.
   */
  sweep(isEnding: boolean): void {
    for (let { first } = this; first?.response.closed; { first } = this) {
      const { request } = first;
      if (!request.complete) return void (isEnding && !request.readableFlowing && request.resume());
      first.finish();
    }
  }

  /**
   * Gives back what an idle connection does not need. Its next request makes that anew.
   *
   * @returns Whether there was something to give back.
   */
  lighten(): boolean {
    const { socket } = this;
    if (this.#life !== 'guarded' || this.first !== undefined || socket.destroyed) return false;
    // Its owner may have removed Node's listener.
    if (socket.listenerCount('error') === 1) return false;
    this.#life = 'resting';
    this.#open = undefined;
    socket.off('error', guard);
    return true;
  }
}
