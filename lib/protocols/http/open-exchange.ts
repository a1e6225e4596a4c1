import type { IncomingMessage, ServerResponse } from 'node:http';
import { attempt } from '../../primitives/attempt.ts';
import type { Linked, LinkedList } from '../../primitives/linked-list.ts';

const CODING = 'transfer-encoding';
const LENGTH = 'content-length';

/** A request; one that somebody has made up may have less. */
type Arriving = Pick<IncomingMessage, 'complete'> & Partial<Pick<IncomingMessage, 'rawHeaders'>>;

/** What an exchange tells of itself: the HTTP/1 connection that it is on. */
export interface ExchangeOwner {
  /** Its request has arrived to its end. */
  onArrived(exchange: OpenExchange): void;
  /** It is answered, and has arrived. */
  onOver(exchange: OpenExchange): void;
}

/**
 * A request that is not answered to its end, or has not arrived to its end. A client may pipeline
 * thousands: each costs one object and one listener.
 */
export class OpenExchange implements Linked<OpenExchange> {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  list: LinkedList<OpenExchange> | undefined;
  previous: OpenExchange | undefined;
  next: OpenExchange | undefined;
  /** When it came, of `performance.now()`; of one that has arrived, 0. */
  readonly since: number;
  readonly #owner: ExchangeOwner;
  readonly #isWhole: boolean;

  constructor(request: IncomingMessage, response: ServerResponse, owner: ExchangeOwner) {
    this.request = request;
    this.response = response;
    this.#owner = owner;
    this.#isWhole = !isArriving(request);
    this.since = this.#isWhole ? 0 : performance.now();
  }

  /** Follows it to its end. */
  follow(): void {
    const { request, response } = this;
    const owner = this.#owner;
    if (this.#isWhole) owner.onArrived(this);
    else request.prependOnceListener('end', () => attempt(() => owner.onArrived(this)));
    response.on('close', () => attempt(() => this.#onAnswered()));
  }

  /** It is over, as far as anybody can tell. */
  finish(): void {
    // Nobody may have read it to its end.
    if (!this.#isWhole && !this.request.readableEnded) this.#owner.onArrived(this);
    this.#owner.onOver(this);
  }

  #onAnswered(): void {
    // An upload may still be arriving.
    if (this.request.complete) this.finish();
    else this.request.once('close', () => attempt(() => this.finish()));
  }
}

/**
 * Whether some of it has still to come. `complete` turns true only after `'request'`: one without a body
 * has arrived by then. Node makes `headers` when they are first asked for, which costs more than all
 * the rest that is done here for a request.
 */
export function isArriving({ complete, rawHeaders = [] }: Arriving): boolean {
  return !complete && announcesBody(rawHeaders);
}

/** @param headers - Names and values by turns. */
function announcesBody(headers: readonly string[]): boolean {
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] ?? '';
    if (name.length === CODING.length && name.toLowerCase() === CODING) return true;
    const isLength = name.length === LENGTH.length && name.toLowerCase() === LENGTH;
    if (isLength && Number(headers[index + 1]) > 0) return true;
  }
  return false;
}
