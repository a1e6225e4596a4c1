import type { ServerHttp2Stream } from 'node:http2';
import { guard, type Protocol } from '../protocol.ts';
import { ClosableStream } from '../closable-stream.ts';
import { servedStream } from '../socket.ts';
import { cutStream } from './exchange.ts';
import { requestLineIn } from './request-line.ts';
import { warnOfRejection } from '../../primitives/warn-of-rejection.ts';

/**
 * The code of a refused HTTP/2 stream: it was not handled, and a retry is safe (RFC 9113, section
 * 7).
 */
export const REFUSED_STREAM = 7;

/** An HTTP/2 stream. If it is ended by force, its client sees that it is incomplete. */
export class ClosableHttp2Stream extends ClosableStream {
  readonly #stream: ServerHttp2Stream;

  constructor(stream: ServerHttp2Stream) {
    super(stream);
    this.#stream = stream;
  }

  override destroy(): void {
    cutStream(this.#stream);
  }

  override isClosed(): boolean {
    return this.#stream.destroyed;
  }

  /** Its last frame may still wait behind those of other streams. */
  override isOver(): boolean {
    return this.isClosed();
  }

  override onClose(callback: () => void): void {
    if (this.#stream.destroyed) callback();
    else this.#stream.on('close', callback);
  }
}

type StreamEvent = [stream: ServerHttp2Stream, ...rest: unknown[]];

/** Connections that are HTTP/2 streams, of the event `'stream'`. */
export const streamProtocol: Protocol<StreamEvent> = {
  event: 'stream',
  accept(args) {
    const connection = args as StreamEvent;
    connection[0].on('error', guard);
    return connection;
  },
  life: ([stream]) => stream,
  isGone: ([stream]) => stream.destroyed,
  mustBeTakenAtOnce: true,
  refuse: ([stream]) => warnOfRejection(stream.close(REFUSED_STREAM)),
  ...servedStream(
    ([stream]: StreamEvent) => stream,
    ([stream]) => new ClosableHttp2Stream(stream),
  ),
  straggler: 'request',
  socketOf: ([{ session }]) => session?.socket,
  carrierOf: ([{ session }]) => session,
  requestLineOf: ([, headers]) => requestLineIn(Object(headers) as object),
  departure: ([stream]) => departureOfStream(stream),
  hasFailed: ([stream]) => hasFailed(stream),
};

/**
 * Why a closed stream has failed, if it has. When the client resets a stream, Node ends our side,
 * too, so that the end of our side tells nothing.
 */
export function departureOfStream(stream: ServerHttp2Stream): Error | undefined {
  return hasFailed(stream) ? (stream.errored ?? new Error('The connection is gone')) : undefined;
}

function hasFailed(stream: ServerHttp2Stream): boolean {
  return stream.errored !== null || stream.aborted || stream.rstCode !== 0;
}
