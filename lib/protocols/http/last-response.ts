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
  /** The request that has its time anew when it is answered. */
  #letArrive: IncomingMessage | undefined;

  /**
   * From now on it is this one. An earlier one says it no more: the requests that were pipelined
   * behind it would be lost.
   *
   * @param requestTimeout - Milliseconds that its request may go on arriving after the answer.
   */
  be({ request, response }: OpenExchange, socket: Socket, requestTimeout: number): void {
    if (response === this.#response) return;
    this.#takeCloseBack();
    this.#takeCloseBack = nothing;
    this.#response = response;
    if (response.headersSent) return;
    this.#takeCloseBack = sayClose(response);
    if (!isArriving(request)) return;
    // One that arrives before it has its time already.
    this.#letArrive = letUploadArrive(request, socket, requestTimeout) ?? this.#letArrive;
  }

  /** Whether a request has its time anew when it is answered. */
  lets(request: IncomingMessage): boolean {
    return request === this.#letArrive;
  }
}
