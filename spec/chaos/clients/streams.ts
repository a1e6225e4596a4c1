import type { Socket } from 'node:net';
import type { Outcome } from '../storm/account.ts';
import { contentOf, isContent } from '../storm/content.ts';
import type { Want } from '../storm/plan.ts';
import { wishOf } from '../storm/wishes.ts';
import { closed, isRefused, readSlowly, type Trip, writeInPieces } from './trip.ts';

/** Says on one line what it wants, and reads the answer to the end. */
export async function visitStream(trip: Trip): Promise<void> {
  const { wants, style } = trip.visit;
  const want = wants[0] as Want;
  // One that talks on has still to hear the answer.
  const socket = trip.connect({ allowHalfOpen: style === 'pieces' });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  if (style === 'slow') readSlowly(socket);
  const request = requestFor(want);
  if (style === 'pieces') await writeInPieces(socket, request, trip.draw);
  else socket.write(request);
  if (style === 'half-closes') socket.end();
  if (style === 'pieces') endAfter(socket);
  trip.asks(want);
  await closed(socket);
  trip.conclude(want, outcomeOf(trip, want, socket, Buffer.concat(chunks)));
}

/** Ends its own side when the server has ended the other. */
function endAfter(socket: Socket): void {
  if (socket.readableEnded) socket.end();
  else socket.once('end', () => socket.end());
}

export function requestFor(want: Want): Buffer {
  const line = Buffer.from(`${wishOf(want, ' ')}\n`);
  return Buffer.concat([line, contentOf(`${want.key} upload`, want.upload)]);
}

function outcomeOf(trip: Trip, { key, size }: Want, socket: Socket, bytes: Buffer): Outcome {
  const { connection } = trip;
  if (isRefused(connection)) return 'refused';
  if (connection?.connectedAt === 0) return 'unsent';
  if (bytes.length === 0) return 'nothing';
  const start = bytes.indexOf('\n') + 1;
  const body = bytes.subarray(start);
  if (start === 0 || body.length < size) return 'cut';
  if (!isContent(body, key, size)) return 'wrong';
  // Whole, and yet the end was not in order: the last bytes were in danger.
  return socket.errored === null && connection?.how === 'end' ? 'whole' : 'cut';
}
