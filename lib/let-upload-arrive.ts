import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** Deno ends the connection itself, and never tells that such a request is over. */
const isDeno = 'deno' in process.versions;

/**
 * How long nothing may come of it, in milliseconds, once it is answered: who has asked whether to
 * send a body, and was refused, sends none.
 */
const PAUSE_MS = 1000;

/**
 * Lets a request arrive whose response says `Connection: close`. Node ends the socket when such a
 * response is finished, by `destroySoon()`, and a client that sends all before it reads would get a
 * reset in the place of its answer: a property on this very socket holds that back as long as the
 * request is arriving.
 */
export function letUploadArrive(request: IncomingMessage, socket: Socket): void {
  // Once is enough: it is the last request of its connection. A Duplex may have no such method.
  if (isDeno || request.complete || Object.hasOwn(socket, 'destroySoon')) return;
  if (!('destroySoon' in socket)) return;
  let timer: NodeJS.Timeout | undefined;
  let isEnding = false;
  let seen = 0;
  const end = (): void => {
    isEnding = true;
    if (request.complete) return release();
    // Nobody may read it any more: a parser that has refused it leaves it paused.
    request.resume();
    seen = socket.bytesRead;
    timer ??= setInterval(look, PAUSE_MS).unref();
  };
  const look = (): void => {
    if (socket.bytesRead === seen) release();
    seen = socket.bytesRead;
  };
  const release = (): void => {
    clearInterval(timer);
    request.off('end', release).off('close', release);
    Reflect.deleteProperty(socket, 'destroySoon');
    if (isEnding) socket.destroySoon();
  };
  request.on('end', release).on('close', release);
  Object.defineProperty(socket, 'destroySoon', { value: end, configurable: true, writable: true });
}
