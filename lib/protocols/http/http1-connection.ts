import type { Patience } from '../trackers.ts';
import { FIRST_REQUEST_MS, LOOK_AGAIN_MS } from '../../bounds.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { after } from '../../primitives/after.ts';
import { LinkedList } from '../../primitives/linked-list.ts';
import { type ExchangeOwner, isArriving, OpenExchange } from './open-exchange.ts';
import { guard } from '../protocol.ts';
import { attempt } from '../../primitives/attempt.ts';
import { endSoon } from '../end-soon.ts';
import { letUploadArrive } from './let-upload-arrive.ts';
import { endStalledUpload, REQUEST_TIMEOUT } from './request-timeout.ts';
import { sayClose } from './say-close.ts';
import { type OnStraggler, stragglerOf } from '../../shutdown/stragglers.ts';
import type { Straggler } from '../../reports.ts';
import { setImmediate } from '../../primitives/timers.ts';

/** Some clients send an empty line behind a body. */
const LINE_BREAK = 2;

const nothing = (): void => {};

/** How long one is waited for that has no exchange under way. */
export interface HttpPatience extends Patience {
  /** Milliseconds for the rest of half a head. */
  readonly headersTimeout: number;
  /** Milliseconds for a request, from its head to the end of its body. */
  readonly requestTimeout: number;
}

/**
 * One HTTP/1 connection: its exchanges under way, and how it ends. A client may pipeline any number
 * of requests: nothing that is done for each depends on how many are open.
 */
export class Http1Connection implements ExchangeOwner {
  readonly socket: Socket;
  readonly #onRest: (connection: Http1Connection) => void;
  /** When it was accepted, of `performance.now()`. */
  readonly #since = performance.now();
  /** The exchanges that are not over, in order of arrival. */
  readonly #open = new LinkedList<OpenExchange>();
  /** `bytesRead` when the last one had arrived: what comes after it is a request, or an upgrade's. */
  #arrivedTo = 0;
  /** `bytesWritten` when the last one was over. */
  #answeredTo = 0;
  #restingSince = this.#since;
  /** The response that we let say `Connection: close`. */
  #lastResponse: ServerResponse | undefined;
  #takeCloseBack = nothing;
  /** It is HTTP no more. */
  isUpgraded = false;
  /** The request that has its time anew when it is answered. */
  #letArrive: IncomingMessage | undefined;
  #patience: HttpPatience | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param onRest - Called with it when an exchange is over. */
  constructor(socket: Socket, onRest: (connection: Http1Connection) => void) {
    this.socket = socket;
    this.#onRest = onRest;
  }

  get #isResting(): boolean {
    return this.#open.size === 0 && !this.isUpgraded;
  }

  /** Whether something has come that is no whole request yet, or stray bytes. */
  get hasHalfRequest(): boolean {
    if (!this.#isResting) return false;
    const { bytesRead, bytesWritten } = this.socket;
    // Node itself answers some: what expects the unknown, and more requests than a socket may bring.
    return bytesRead > this.#arrivedTo + LINE_BREAK && bytesWritten <= this.#answeredTo;
  }

  /** Whether it waits for a request, and none of it has come. */
  get isIdle(): boolean {
    return this.#isResting && !this.hasHalfRequest;
  }

  /** Whether it is idle, or seems so to Node: an answer may still be leaving. */
  get looksIdle(): boolean {
    // Answers leave in order.
    return this.isIdle || this.#open.first?.response.writableEnded === true;
  }

  /** A request has come. */
  begin(request: IncomingMessage, response: ServerResponse): void {
    // A listener for 'checkContinue' passes on what was heard of before.
    if (this.#open.last?.response === response) return;
    const exchange = new OpenExchange(request, response, this);
    this.#open.add(exchange);
    clearTimeout(this.#timer);
    exchange.follow();
    this.#awaitUpload();
  }

  onArrived(exchange: OpenExchange): void {
    if (this.#open.last === exchange) this.#arrivedTo = this.socket.bytesRead;
  }

  onOver(exchange: OpenExchange): void {
    if (!this.#open.delete(exchange)) return;
    this.#rest();
    this.#onRest(this);
  }

  /** It is HTTP no more. Somebody else owns the socket. */
  upgrade(): void {
    this.isUpgraded = true;
    // Node listens to it no more, and its owner may have ended.
    this.socket.on('error', guard);
    clearTimeout(this.#timer);
  }

  /**
   * Lets the last response say `Connection: close`; an earlier one would lose the requests that
   * were pipelined behind it.
   *
   * @param requestTimeout - Milliseconds that its request may go on arriving after the answer.
   */
  goAway(requestTimeout: number): void {
    const last = this.#open.last;
    if (last === undefined || last.response === this.#lastResponse) return;
    this.#takeCloseBack();
    this.#takeCloseBack = nothing;
    const { request, response } = last;
    this.#lastResponse = response;
    if (response.headersSent) return;
    this.#takeCloseBack = sayClose(response);
    if (isArriving(request)) {
      // One that arrives before it has its time already.
      this.#letArrive = letUploadArrive(request, this.socket, requestTimeout) ?? this.#letArrive;
    }
  }

  /** Ends it, if it has nothing under way. */
  endIfIdle(): void {
    if (this.isIdle) endSoon(this.socket);
  }

  /** Ends it when it has had nothing under way for a while, from now on. */
  drain(patience: HttpPatience): void {
    this.#patience = patience;
    this.#await();
    this.#awaitUpload();
  }

  /** Ends the exchanges that nobody has heard to be over. Answers leave in order. */
  sweep(): void {
    for (let { first } = this.#open; first?.response.closed; { first } = this.#open) {
      if (!first.request.complete) return;
      first.finish();
    }
  }

  /** Forgets its timer. */
  leave(): void {
    clearTimeout(this.#timer);
  }

  /** What ends it by force. @param onStraggler - Told of it, just before. */
  force(onStraggler: OnStraggler): () => void {
    this.leave();
    return () => {
      // It was ended as a request that is served, and listed as that.
      if (this.socket.destroyed) return;
      onStraggler(stragglerOf(this.#kind, this.socket, this.#since), this.socket);
      // TLS has a goodbye of its own.
      if ('encrypted' in this.socket) this.endIfIdle();
      this.socket.destroy();
    };
  }

  get #kind(): Straggler['kind'] {
    if (this.isUpgraded) return 'upgrade';
    return this.#open.size > 0 || this.hasHalfRequest ? 'request' : 'connection';
  }

  #rest(): void {
    this.#answeredTo = this.socket.bytesWritten;
    this.#restingSince = performance.now();
    this.#await();
  }

  /** Waits for one more request. */
  #await(): void {
    const patience = this.#patience;
    if (patience === undefined || !this.#isResting || this.socket.destroyed) return;
    const { idle, headersTimeout } = patience;
    const least = this.#arrivedTo === 0 ? FIRST_REQUEST_MS : 0;
    this.#wait(patience, Math.max(idle, least), () => {
      this.endIfIdle();
      if (this.hasHalfRequest) this.#wait(patience, headersTimeout, () => this.#timeOut(patience));
    });
  }

  /**
   * Waits for the rest of a request. Node itself does not look any more once the server is closed,
   * and a client could stall for ever.
   */
  #awaitUpload(): void {
    const patience = this.#patience;
    const { last, first } = this.#open;
    if (!patience || !last || !first || !isArriving(last.request)) return;
    const look = (): void => {
      const { request, response } = last;
      const isLet = this.#letArrive === request && response.writableFinished;
      if (this.#open.last !== last || !isArriving(request) || isLet) return;
      patience.onStraggler(stragglerOf('request', this.socket, this.#since), this.socket);
      endStalledUpload(this.socket, first.response);
    };
    clearTimeout(this.#timer);
    const left = last.since + patience.requestTimeout - performance.now();
    this.#timer = after(left + LOOK_AGAIN_MS, () => void setImmediate(() => attempt(look)));
  }

  /** Calls back, so many milliseconds of the shutdown after the last exchange, if none has begun. */
  #wait(patience: HttpPatience, milliseconds: number, callback: () => void): void {
    const time = Math.max(patience.begun, this.#restingSince) + milliseconds;
    const look = (): void => {
      if (this.#isResting && !this.socket.destroyed) callback();
    };
    clearTimeout(this.#timer);
    this.#timer = after(time - performance.now(), () => {
      // A timer counts from the beginning of its turn, which may have been long ago.
      if (performance.now() < time) this.#wait(patience, milliseconds, callback);
      else this.#timer = after(LOOK_AGAIN_MS, () => void setImmediate(() => attempt(look)));
    });
  }

  /** The rest of the head has not come. Node itself does not look any more once it is closed. */
  #timeOut({ onStraggler }: HttpPatience): void {
    onStraggler(stragglerOf('request', this.socket, this.#since), this.socket);
    // Its owner may have taken all listeners off it, Node's among them.
    this.socket.on('error', guard);
    this.socket.write(REQUEST_TIMEOUT);
    endSoon(this.socket);
  }
}
