import { TIMEOUT_ANSWER_MS } from '../../bounds.ts';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { after } from '../../primitives/after.ts';
import { attempt } from '../../primitives/attempt.ts';
import { unref } from '../../primitives/timers.ts';
import { guard } from '../protocol.ts';
import { warnOfRejection } from '../../primitives/warn-of-rejection.ts';

/** Node's answer to a client that takes too long for its request. */
export const REQUEST_TIMEOUT = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n';

/**
 * Ends a connection whose request has not arrived in time, also if an upload holds it open.
 *
 * @param response - The response that leaves next. If it has begun, no other answer can be sent.
 */
export function endStalledUpload(socket: Socket, response: ServerResponse): void {
  // Its owner may have removed all listeners from it, also Node's.
  socket.on('error', guard);
  const destroy = (): void => void attempt(() => socket.destroy());
  if (response.headersSent) return destroy();
  unref(after(TIMEOUT_ANSWER_MS, destroy));
  warnOfRejection(socket.end(REQUEST_TIMEOUT, destroy));
}
