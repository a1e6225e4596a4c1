import { endsUploads } from '../../primitives/runtime.ts';
import { REFUSED_BODY_MS } from '../../bounds.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { after } from '../../primitives/after.ts';
import { attempt } from '../../primitives/attempt.ts';
import { warn } from '../../primitives/warn.ts';
import { unref } from '../../primitives/timers.ts';
import { warnOfRejection } from '../../primitives/warn-of-rejection.ts';

/**
 * Lets a request arrive completely though its response says `Connection: close`. Node calls
 * `destroySoon()` of the socket when such a response is finished. A client that sends everything
 * before it reads would then get a reset instead of its answer. So a property on this very socket
 * hides `destroySoon()` while the request arrives.
 *
 * An earlier response may have said `close`, and ends the connection now: then nothing is held back.
 * Node would answer later requests out of turn, and fail in an assertion.
 *
 * @param timeout - Milliseconds that the request has once it is answered, or `Infinity`.
 * @param isChecked - Whether its `Expect: 100-continue` was left to its owner, and perhaps refused.
 * @returns The request, if its socket's end is held back.
 */
export function letUploadArrive(
  request: IncomingMessage,
  response: ServerResponse,
  socket: Socket,
  timeout: number,
  isChecked = false,
): IncomingMessage | undefined {
  // Once is enough: it is the last request of its connection. A Duplex may have no such method.
  if (endsUploads || request.complete || Object.hasOwn(socket, 'destroySoon')) return undefined;
  if (!('destroySoon' in socket)) return undefined;
  let timer: NodeJS.Timeout | undefined;
  let isEnding = false;
  let isAnswered = false;
  // Node and timers call these functions. Methods of a request or a socket may be the owner's, and
  // throw.
  const guarded =
    (action: () => void): (() => void) =>
    () => {
      try {
        action();
      } catch (error) {
        warn(error);
        clearTimeout(timer);
        Reflect.deleteProperty(socket, 'destroySoon');
        attempt(() => socket.destroy());
      }
    };
  const end = guarded(() => {
    if (request.complete || !isAnswered) isEnding = true;
    if (isEnding) return release();
    isEnding = true;
    const hasBegun = request.readableDidRead || request.readableLength > 0;
    const isRefused = isChecked && request.headers.expect !== undefined && !hasBegun;
    // The request may have no reader any more: a body parser that has refused it leaves it paused.
    warnOfRejection(request.resume());
    const { bytesRead } = socket;
    if (!isRefused) wait(timeout, release);
    else {
      const look = guarded(() => {
        if (socket.bytesRead === bytesRead) release();
        else wait(timeout, release);
      });
      wait(Math.min(REFUSED_BODY_MS, timeout), look);
    }
  });
  const wait = (milliseconds: number, callback: () => void): void => {
    timer = after(milliseconds, callback);
    unref(timer);
  };
  const release = guarded(() => {
    clearTimeout(timer);
    request.off('end', release).off('close', release);
    Reflect.deleteProperty(socket, 'destroySoon');
    if (isEnding) warnOfRejection(socket.destroySoon());
  });
  // Before Node's own listener, which calls destroySoon().
  response.prependOnceListener('finish', () => (isAnswered = true));
  request.on('end', release).on('close', release);
  Object.defineProperty(socket, 'destroySoon', { value: end, configurable: true, writable: true });
  return request;
}
