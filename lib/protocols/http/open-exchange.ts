import type { IncomingMessage, ServerResponse } from 'node:http';
import { attempt } from '../../primitives/attempt.ts';
import type { Linked, LinkedList } from '../../primitives/linked-list.ts';
import { warn } from '../../primitives/warn.ts';

const CODING = 'transfer-encoding';
const LENGTH = 'content-length';

/** A request. Other code may have made it up, without some of the properties. */
type Arriving = Pick<IncomingMessage, 'complete'> & Partial<Pick<IncomingMessage, 'rawHeaders'>>;

/** The HTTP/1 connection of an exchange, which is told of its progress. */
export interface ExchangeOwner {
  /** The whole request has arrived. */
  onArrived(exchange: OpenExchange): void;
  /** The request has arrived and is answered. */
  onOver(exchange: OpenExchange): void;
}

/**
 * A request that has not been answered completely, or has not arrived completely. A client may
 * pipeline thousands: each costs one object and one listener.
 */
export class OpenExchange implements Linked<OpenExchange> {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  list: LinkedList<OpenExchange> | undefined;
  previous: OpenExchange | undefined;
  next: OpenExchange | undefined;
  /** When the request came, of `performance.now()`; 0 if it had arrived by then. */
  readonly since: number;
  /**
   * Whether its owner decides if its body is to be sent. Otherwise Node has answered an
   * `Expect: 100-continue` with `100`.
   */
  readonly isChecked: boolean;
  readonly #owner: ExchangeOwner;
  readonly #isWhole: boolean;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    owner: ExchangeOwner,
    isChecked: boolean,
  ) {
    this.request = request;
    this.response = response;
    this.isChecked = isChecked;
    this.#owner = owner;
    this.#isWhole = !isArriving(request);
    this.since = this.#isWhole ? 0 : performance.now();
  }

  /** Follows the exchange to its end. */
  follow(): void {
    const { request, response } = this;
    const owner = this.#owner;
    if (this.#isWhole) owner.onArrived(this);
    else request.prependOnceListener('end', () => attempt(() => owner.onArrived(this)));
    // A bound function takes less memory than a closure, and less time.
    response.on('close', onAnswered.bind(this));
  }

  /** Tells the owner that the exchange is over, by the best sign that there is. */
  finish(): void {
    // If nothing has read the request to its end, its arrival has not been noted.
    if (!this.#isWhole && !this.request.readableEnded) this.#owner.onArrived(this);
    this.#owner.onOver(this);
  }
}

function onAnswered(this: OpenExchange): void {
  try {
    // An upload may still be arriving.
    if (this.request.complete) this.finish();
    else this.request.once('close', () => attempt(() => this.finish()));
  } catch (error) {
    warn(error);
  }
}

/**
 * Whether a part of the request has still to come. `complete` turns true only after `'request'`,
 * but a request without a body has arrived by then.
 *
 * It reads `rawHeaders`. Node makes `headers` on first use, which costs more than all other work
 * for a request here.
 */
export function isArriving({ complete, rawHeaders = [] }: Arriving): boolean {
  return !complete && announcesBody(rawHeaders);
}

/** @param headers - Names and values in turn. */
function announcesBody(headers: readonly string[]): boolean {
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] ?? '';
    if (name.length === CODING.length && name.toLowerCase() === CODING) return true;
    const isLength = name.length === LENGTH.length && name.toLowerCase() === LENGTH;
    if (isLength && Number(headers[index + 1]) > 0) return true;
  }
  return false;
}
