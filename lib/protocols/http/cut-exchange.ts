import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { attempt } from '../../primitives/attempt.ts';
import { warnOfRejection } from '../../primitives/warn-of-rejection.ts';
import { reset } from '../socket.ts';

/**
 * Ends the socket under an exchange of HTTP/1 by force. Half an answer without a length or chunks
 * would pass for a whole one: its end is the end of the connection. So its client gets a reset.
 */
export function cutExchange(
  socket: Socket,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (attempt(() => isHalf(response) && endsByClose(request, response))) reset(socket);
  else warnOfRejection(socket.destroy());
}

function isHalf({ headersSent, writableFinished }: ServerResponse): boolean {
  return headersSent && !writableFinished;
}

/** To such a version Node sends no chunks. HTTP/1 accepts the request line `GET / HTTP/2.0`. */
function endsByClose(
  { httpVersionMajor, httpVersionMinor }: IncomingMessage,
  response: ServerResponse,
): boolean {
  const isOld = httpVersionMajor < 1 || httpVersionMinor < 1;
  return isOld && !response.hasHeader('content-length');
}
