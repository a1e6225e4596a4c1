import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { Misbehaviour, nothing, type Occasion, prelude, WORK_MS } from './occasion.ts';
import { sleep } from '../../storm/clock.ts';

export type Exchange = readonly [request: IncomingMessage, response: ServerResponse];

const LARGE = 1_000_000;

/** Answers a request, or does what nobody should. */
export async function handleExchange(
  [request, response]: Exchange,
  occasion: Occasion,
): Promise<void> {
  const { act } = occasion;
  // It may be told after its end, or when its client has gone: that is its handler's business.
  response.on('error', nothing);
  request.on('error', nothing);
  if (act === 'early end') return void response.end('early');
  if (act === 'reads') await read(request);
  else if (act !== 'unread') request.resume();
  await prelude(occasion);
  if (act === 'destroy') return destroy(request, response);
  if (act === 'half') return half(response);
  if (act === 'odd headers') setOddHeaders(request, response);
  if (act === 'twice') {
    response.end('once');
    response.write('more');
    response.writeHead(500).end('twice');
  } else if (act === 'large') response.end(Buffer.alloc(LARGE, 'x'));
  else response.end('answer');
  // A rejection that comes when all has been said.
  if (act === 'twice') throw new Misbehaviour('rejects behind its answer');
}

async function read(request: IncomingMessage): Promise<void> {
  request.on('data', nothing);
  if (request.readableEnded || request.destroyed) return;
  await new Promise<void>((resolve) => {
    request.once('end', () => resolve());
    request.once('close', () => resolve());
  });
}

/** Now the one, now the other. */
let turn = 0;

function destroy(request: IncomingMessage, response: ServerResponse): void {
  turn += 1;
  if (turn % 3 === 0) response.destroy();
  else if (turn % 3 === 1) request.destroy();
  else if (request.httpVersionMajor < 2 || !('stream' in request)) request.socket.destroy();
  else (request as unknown as Http2ServerRequest).stream.session?.destroy();
}

async function half(response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-length': 1000 });
  response.write('half');
  await sleep(WORK_MS);
  throw new Misbehaviour('after half an answer');
}

const oddHeaders: readonly Readonly<Record<string, string | number>>[] = [
  { connection: 'keep-alive' },
  { connection: 'upgrade', upgrade: 'x' },
  { connection: 'close, keep-alive' },
  { 'transfer-encoding': 'identity' },
  { 'content-length': 3 },
  { 'content-length': 0, trailer: 'x-end' },
  { 'keep-alive': 'timeout=1000' },
];

function setOddHeaders(request: IncomingMessage, response: ServerResponse): void {
  turn += 1;
  const isHttp2 = 'stream' in request;
  const stubborn = response as ServerResponse & Partial<Http2ServerResponse>;
  if (turn % 4 === 0) stubborn.writeContinue();
  if (turn % 5 === 0) stubborn.writeEarlyHints?.({ link: '</a>; rel=preload' });
  if (turn % 6 === 0) response.statusCode = 204;
  // Node would warn of each, of HTTP/2.
  if (isHttp2) return;
  const headers = oddHeaders[turn % oddHeaders.length] ?? {};
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}
