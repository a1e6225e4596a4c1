import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { limits } from '../../support/limits.ts';
import { isLimited } from './possible-kinds.ts';

/** Writes part of an answer, to a socket or to a response on one. */
export function writePart(writable: Writable, part: Buffer): void {
  if (part.length > 0 || !isStuckByNothing(writable)) writable.write(part);
}

/** Ends a socket behind the last part. */
export function endWith(socket: Writable, part: Buffer): void {
  writePart(socket, part);
  socket.end();
}

/** Whether an empty chunk would hold up what comes behind it. */
export function isStuckByNothing(writable: Writable): boolean {
  if (!isLimited(limits.emptyTlsWrites)) return false;
  // A response behind another one has no socket yet.
  const socket = (writable as Partial<ServerResponse>).req?.socket ?? writable;
  return 'encrypted' in socket;
}
