import { TIMEOUT_ANSWER_MS } from '../../bounds.ts';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { after } from '../../primitives/after.ts';
import { attempt } from '../../primitives/attempt.ts';
import { unref } from '../../primitives/timers.ts';
import { guard } from '../protocol.ts';

/** What Node answers to a client that takes too long for its request. */
export const REQUEST_TIMEOUT = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n';

/**
 * Ends a connection whose request has not arrived in time, whatever holds it open for an upload.
 *
 * @param response - The one that leaves next: where it has begun, there is no room for another.
 */
export function endStalledUpload(socket: Socket, response: ServerResponse): void {
  // Its owner may have taken all listeners off it, Node's among them.
  socket.on('error', guard);
  const destroy = (): void => void attempt(() => socket.destroy());
  if (response.headersSent) return destroy();
  unref(after(TIMEOUT_ANSWER_MS, destroy));
  socket.end(REQUEST_TIMEOUT, destroy);
}
