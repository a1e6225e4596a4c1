import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** Deno ends the connection itself, and never tells that such a request is over. */
const isDeno = 'deno' in process.versions;

/**
 * Lets a request arrive whose response says `Connection: close`. Node ends the socket when such a
 * response is finished, by `destroySoon()`, and a client that sends all before it reads would get a
 * reset in the place of its answer: a property on this very socket holds that back as long as the
 * request is arriving.
 */
export function letUploadArrive(request: IncomingMessage, socket: Socket): void {
  // Once is enough: it is the last request of its connection.
  if (isDeno || request.complete || Object.hasOwn(socket, 'destroySoon')) return;
  let isEnding = false;
  const end = (): void => {
    isEnding = true;
    if (request.complete) release();
  };
  const release = (): void => {
    request.off('end', release).off('close', release);
    Reflect.deleteProperty(socket, 'destroySoon');
    if (isEnding) socket.destroySoon();
  };
  request.on('end', release).on('close', release);
  Object.defineProperty(socket, 'destroySoon', { value: end, configurable: true, writable: true });
}
