import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { hasLeft } from '../primitives/has-left.ts';
import { type Closable, guard } from './protocol.ts';
import { warnOfRejection } from '../primitives/warn-of-rejection.ts';

const nothing = (): void => {};

/**
 * A stream, closed politely: what was written leaves, our side ends, and the rest of the input is
 * discarded.
 */
export class ClosableStream implements Closable {
  readonly #stream: Duplex;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  end(onFlushed: () => void): void {
    const stream = this.#stream;
    keepGuard(stream);
    discardInput(stream);
    if (stream.writableFinished) return onFlushed();
    stream.on('finish', onFlushed);
    warnOfRejection(stream.end());
  }

  hearOut(): void {
    const stream = this.#stream;
    keepGuard(stream);
    if (!isDone(stream) && !isRead(stream) && !stream.readableFlowing)
      warnOfRejection(stream.resume());
  }

  destroy(): void {
    warnOfRejection(this.#stream.destroy());
  }

  isClosed(): boolean {
    return hasLeft(this.#stream);
  }

  hasEnded(): boolean {
    return this.#stream.writableEnded;
  }

  isOver(): boolean {
    return this.#stream.readableEnded && this.#stream.writableFinished;
  }

  onClose(callback: () => void): void {
    onStreamClose(this.#stream, callback);
  }
}

/** Guards a stream that its handler has left, perhaps without any listener. */
function keepGuard(stream: Duplex): void {
  if (stream.listenerCount('error') === 0) stream.on('error', guard);
}

/** Calls back once the stream has closed, perhaps at once. */
export function onStreamClose(stream: Duplex, callback: () => void): void {
  if (stream.closed) callback();
  else stream.on('close', callback);
}

/**
 * Ends a silent connection whose owner goes on with it. What its client still sends is not read: a
 * command that crosses our FIN is not carried out, because it could not be answered. Pipes end when
 * the client ends its side.
 */
export function endSilent(socket: Socket): void {
  // From now on it is an error if the owner writes.
  socket.on('error', guard);
  discardInput(socket, { keepsPipes: true });
  warnOfRejection(socket.end());
}

/**
 * Discards the rest of the input, and removes its readers. If the input stayed unread, the end of
 * the client's side would never be seen, and the stream would not close.
 */
function discardInput(stream: Duplex, { keepsPipes = false } = {}): void {
  if (isDone(stream)) return;
  if (isRead(stream)) {
    if (!keepsPipes) stream.unpipe();
    for (const event of ['data', 'readable']) {
      // While there is a listener for 'readable', resume() does nothing.
      if (stream.listenerCount(event) > 0) stream.removeAllListeners(event);
    }
    // Without a listener of ours, Node may stop the flow a tick after the last listener has gone.
    stream.on('data', nothing);
  }
  if (!stream.readableFlowing) warnOfRejection(stream.resume());
}

function isDone(stream: Duplex): boolean {
  return stream.readableEnded || stream.destroyed;
}

function isRead(stream: Duplex): boolean {
  return stream.listenerCount('data') > 0 || stream.listenerCount('readable') > 0;
}
