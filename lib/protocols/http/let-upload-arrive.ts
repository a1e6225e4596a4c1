import { endsUploads } from '../../primitives/runtime.ts';
import { REFUSED_BODY_MS } from '../../bounds.ts';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { after } from '../../primitives/after.ts';
import { attempt } from '../../primitives/attempt.ts';
import { warn } from '../../primitives/warn.ts';
import { unref } from '../../primitives/timers.ts';

/**
 * Lets a request arrive whose response says `Connection: close`. Node ends the socket when such a
 * response is finished, by `destroySoon()`, and a client that sends all before it reads would get a
 * reset in the place of its answer: a property on this very socket holds that back as long as the
 * request is arriving.
 *
 * @param timeout - Milliseconds that it has once it is answered, or `Infinity`.
 * @returns The request, if that is done.
 */
export function letUploadArrive(
  request: IncomingMessage,
  socket: Socket,
  timeout: number,
): IncomingMessage | undefined {
  // Once is enough: it is the last request of its connection. A Duplex may have no such method.
  if (endsUploads || request.complete || Object.hasOwn(socket, 'destroySoon')) return undefined;
  if (!('destroySoon' in socket)) return undefined;
  let timer: NodeJS.Timeout | undefined;
  let isEnding = false;
  // Node calls them, and timers. Methods of a request or a socket are its owner's.
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
    if (request.complete) isEnding = true;
    if (isEnding) return release();
    isEnding = true;
    const hasBegun = request.readableDidRead || request.readableLength > 0;
    const isRefused = request.headers.expect !== undefined && !hasBegun;
    // Nobody may read it any more: a parser that has refused it leaves it paused.
    request.resume();
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
    if (isEnding) socket.destroySoon();
  });
  request.on('end', release).on('close', release);
  Object.defineProperty(socket, 'destroySoon', { value: end, configurable: true, writable: true });
  return request;
}
