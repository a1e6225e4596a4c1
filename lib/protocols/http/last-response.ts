import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { letUploadArrive } from './let-upload-arrive.ts';
import { isArriving, type OpenExchange } from './open-exchange.ts';
import { sayClose } from './say-close.ts';

const nothing = (): void => {};

/** The last response of a connection that is to end: it says `Connection: close`. */
export class LastResponse {
  #response: ServerResponse | undefined;
  #takeCloseBack = nothing;
  /** The request whose time begins anew when it is answered. */
  #letArrive: IncomingMessage | undefined;

  /**
   * Makes this response the last one. The last response so far no longer says `Connection: close`:
   * the requests that were pipelined behind it would be lost.
   *
   * @param requestTimeout - Milliseconds for which its request may still arrive after the answer.
   */
  be({ request, response, isChecked }: OpenExchange, socket: Socket, requestTimeout: number): void {
    if (response === this.#response) return;
    this.#takeCloseBack();
    this.#takeCloseBack = nothing;
    this.#response = response;
    if (response.headersSent) return;
    this.#takeCloseBack = sayClose(response);
    if (!isArriving(request)) return;
    // `undefined` if an earlier request holds the end of the socket back already. It keeps its
    // time.
    this.#letArrive =
      letUploadArrive(request, response, socket, requestTimeout, isChecked) ?? this.#letArrive;
  }

  /** Whether the time of a request begins anew when it is answered. */
  lets(request: IncomingMessage): boolean {
    return request === this.#letArrive;
  }
}
