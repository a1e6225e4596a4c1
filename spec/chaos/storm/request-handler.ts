import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { stall } from '../../support/turns.ts';
import { sleep } from './clock.ts';
import { contentOf, isContent } from './content.ts';
import { forEver, type Occasion, untilAborted } from './occasion.ts';
import { readWish, type Wish } from './wishes.ts';
import { endWith, isStuckByNothing, writePart } from './write-part.ts';

const NEVER_MS = 60_000;

/** Answers a request whose path says how. Its first part is synchronous, and may throw. */
export function handleRequest(
  request: IncomingMessage,
  response: ServerResponse,
  occasion: Occasion,
): Promise<void> {
  const wish = readWish((request.url ?? '').slice(1), '/');
  const { ledger } = occasion;
  // It may be told after its end, or when its client has gone.
  response.on('error', () => {});
  request.on('error', () => {});
  if (wish === undefined) {
    response.end();
    return Promise.resolve();
  }
  ledger.handle(wish.key, wish.action);
  if (wish.action === 'throw') throw ledger.misbehave(wish.key);
  if (wish.action === 'later') {
    request.resume();
    setTimeout(() => say(wish, response, occasion), wish.takes);
    return Promise.resolve();
  }
  return answer(wish, request, response, occasion);
}

async function answer(
  wish: Wish,
  request: IncomingMessage,
  response: ServerResponse,
  occasion: Occasion,
): Promise<void> {
  const { key, action, takes } = wish;
  const { ledger, draining, isServed } = occasion;
  if (action === 'echo') {
    if (!(await receive(wish, request, occasion))) return;
  } else request.resume();
  if (action === 'goodbye') await untilAborted(draining, NEVER_MS);
  if (action === 'never') return await (isServed ? forEver : untilOver(response));
  if (action === 'stall') stall(takes);
  if (action === 'stream') return await sayInPieces(wish, response, occasion);
  await sleep(takes);
  if (action === 'reject') throw ledger.misbehave(key);
  if (action === 'destroy') return void carrierOf(request).destroy();
  if (action === 'half') {
    response.writeHead(200, { 'content-length': wish.size + 1000 });
    response.write('half');
    throw ledger.misbehave(key);
  }
  say(wish, response, occasion);
  if (action !== 'twice') return;
  response.write('more');
  response.end();
}

/** Whether the upload came to its end. */
async function receive(
  { key, upload }: Wish,
  request: IncomingMessage,
  { ledger }: Occasion,
): Promise<boolean> {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise<void>((resolve) => {
    request.once('end', () => resolve());
    request.once('close', () => resolve());
  });
  if (!request.readableEnded || isCut(request)) return false;
  if (!isContent(Buffer.concat(chunks), `${key} upload`, upload)) ledger.corrupt.push(key);
  return true;
}

/** A request of HTTP/2 ends behind its close as if all of it had come, on every runtime. */
function isCut(request: IncomingMessage): boolean {
  return request.httpVersionMajor >= 2 && streamOf(request).aborted;
}

function say({ key, size }: Wish, response: ServerResponse, { ledger }: Occasion): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(200, { 'content-length': size });
  response.end(contentOf(key, size));
  ledger.answered(key);
}

async function sayInPieces(
  { key, size, takes }: Wish,
  response: ServerResponse,
  { ledger }: Occasion,
): Promise<void> {
  const bytes = contentOf(key, size);
  response.writeHead(200, { 'content-length': size });
  for (let piece = 0; piece < 4; piece += 1) {
    const part = bytes.subarray((size * piece) / 4, (size * (piece + 1)) / 4);
    // A bare `end()` writes an empty chunk.
    if (piece === 3 && isStuckByNothing(response)) response.end(part);
    else writePart(response, part);
    await sleep(takes / 4);
  }
  if (!response.writableEnded) response.end();
  ledger.answered(key);
}

async function untilOver(response: ServerResponse): Promise<void> {
  if (!response.closed) await new Promise((resolve) => response.once('close', resolve));
}

function carrierOf(request: IncomingMessage): { destroy(): unknown } {
  return request.httpVersionMajor < 2 ? request.socket : streamOf(request);
}

function streamOf(request: IncomingMessage): ServerHttp2Stream {
  return (request as unknown as Http2ServerRequest).stream;
}

/** The owner of a socket that leaves HTTP: says goodbye after a while, or never. */
export function own(request: IncomingMessage, socket: Duplex, { ledger }: Occasion): void {
  const wish = readWish((request.url ?? '').slice(1), '/');
  socket.on('error', () => {});
  if (wish === undefined) return void socket.destroy();
  ledger.handle(wish.key, wish.action);
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
  if (wish.action === 'never') return;
  setTimeout(() => {
    endWith(socket, contentOf(wish.key, wish.size));
    ledger.answered(wish.key);
  }, wish.takes);
}
