import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { isArriving } from './open-exchange.ts';

/** The version, two spaces and a line break. */
const LINE_REST = 12;
/** A colon, a space and a line break. */
const HEADER_REST = 4;
const LINE_BREAK = 2;

/**
 * Whether more of an HTTP/1 connection has been read than the requests that have come: then its
 * client pipelines, and the next request comes in the same turn. Node does not tell how far its
 * parser has come. So the length of each head is computed, as most clients write it. If a client
 * writes it in another way, the answer may be wrong.
 */
export class InputBehind {
  readonly #socket: Socket;
  /** `bytesRead` when the last request came. `NaN` behind a body. */
  #readTo: number;
  #left = 0;

  /** To be made before the first request comes that is to be judged. */
  constructor(socket: Socket) {
    this.#socket = socket;
    this.#readTo = socket.bytesRead;
  }

  /** Notes the request that has come. @returns Whether more has been read, behind it. */
  note(request: IncomingMessage): boolean {
    const { bytesRead } = this.#socket;
    this.#left = Math.max(0, this.#left) + bytesRead - this.#readTo - lengthOf(request);
    this.#readTo = isArriving(request) ? NaN : bytesRead;
    if (Number.isNaN(this.#left)) this.#left = 0;
    return this.#left > LINE_BREAK && !isArriving(request);
  }
}

/** Names and values of headers come in turn: each has half of what is between them. */
function lengthOf({ method = '', url = '', rawHeaders = [] }: Partial<IncomingMessage>): number {
  let length = method.length + url.length + LINE_REST + LINE_BREAK;
  for (const text of rawHeaders) length += text.length + HEADER_REST / 2;
  return length;
}
