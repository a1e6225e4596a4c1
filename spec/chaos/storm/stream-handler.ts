import type { Socket } from 'node:net';
import { stall } from '../../support/turns.ts';
import { sleep } from './clock.ts';
import { contentOf, isContent } from './content.ts';
import { forEver, type Occasion, untilAborted } from './occasion.ts';
import { readWish, type Wish } from './wishes.ts';
import { writePart } from './write-part.ts';

/** Longer than any shutdown: what waits for it is ended by that. */
const NEVER_MS = 60_000;

/** Reads a line that says what to do, and does it. */
export async function handleStream(socket: Socket, occasion: Occasion): Promise<void> {
  const { ledger, isServed } = occasion;
  const read = reader(socket);
  const line = await read.line();
  const wish = readWish(line ?? '', ' ');
  if (wish === undefined) {
    if (!isServed) socket.destroy();
    return;
  }
  ledger.handle(wish.key, wish.action);
  await doAs(wish, socket, read, occasion);
  ledger.note(`ends ${wish.key}`);
  if (isServed || socket.destroyed) return;
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.resume().end();
  await closed;
}

async function doAs(wish: Wish, socket: Socket, read: Reader, occasion: Occasion): Promise<void> {
  const { key, action, takes, upload } = wish;
  const { ledger, draining, isServed } = occasion;
  if (action === 'later') return void setTimeout(() => say(wish, socket, occasion), takes);
  if (action === 'goodbye') await untilAborted(draining, NEVER_MS);
  if (action === 'never') return await (isServed ? forEver : untilClosed(socket));
  if (action === 'stall') stall(takes);
  if (action === 'echo') {
    const bytes = await read.rest();
    if (bytes === undefined) return;
    if (!isContent(bytes, `${key} upload`, upload)) ledger.corrupt.push(key);
  }
  if (action === 'stream') return await sayInPieces(wish, socket, occasion);
  await sleep(takes);
  if (action === 'throw' || action === 'reject') throw ledger.misbehave(key);
  if (action === 'destroy') return void socket.destroy();
  if (action === 'half') {
    writePart(socket, contentOf(key, wish.size).subarray(0, wish.size / 2));
    throw ledger.misbehave(key);
  }
  say(wish, socket, occasion);
  if (action !== 'twice') return;
  socket.end();
  socket.write('more');
}

function say({ key, size }: Wish, socket: Socket, { ledger }: Occasion): void {
  socket.write(`${size}\n`);
  writePart(socket, contentOf(key, size));
  ledger.answered(key);
}

async function sayInPieces(wish: Wish, socket: Socket, { ledger }: Occasion): Promise<void> {
  const { key, size, takes } = wish;
  const bytes = contentOf(key, size);
  socket.write(`${size}\n`);
  for (let piece = 0; piece < 4; piece += 1) {
    writePart(socket, bytes.subarray((size * piece) / 4, (size * (piece + 1)) / 4));
    await sleep(takes / 4);
  }
  ledger.answered(key);
}

async function untilClosed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
}

const nothing = (): void => {};

interface Reader {
  /** `undefined` when it ends without. */
  line(): Promise<string | undefined>;
  /** To the end; `undefined` when that never comes. */
  rest(): Promise<Buffer | undefined>;
}

function reader(socket: Socket): Reader {
  let bytes: Buffer = Buffer.alloc(0);
  let hasEnded = false;
  let look = nothing;
  socket.on('data', (chunk: Buffer) => {
    // What comes without end is not kept.
    if (bytes.length < 1e6) bytes = Buffer.concat([bytes, chunk]);
    look();
  });
  socket.once('end', () => {
    hasEnded = true;
    look();
  });
  socket.once('close', () => look());
  const until = (holds: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      look = () => {
        if (holds() || hasEnded || socket.destroyed) resolve();
      };
      look();
    });
  return {
    async line() {
      await until(() => bytes.includes('\n'));
      const end = bytes.indexOf('\n');
      if (end < 0) return undefined;
      const line = bytes.subarray(0, end).toString('latin1');
      bytes = bytes.subarray(end + 1);
      return line;
    },
    async rest() {
      await until(() => false);
      return hasEnded ? bytes : undefined;
    },
  };
}
