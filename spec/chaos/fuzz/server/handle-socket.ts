import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Misbehaviour, nothing, type Occasion, prelude } from './occasion.ts';

const LARGE = 1_000_000;

/** Talks to a client without a protocol. */
export async function handleSocket(socket: Socket, occasion: Occasion): Promise<void> {
  if (occasion.isOwned) socket.on('error', nothing);
  await talk(socket, occasion);
}

/** A socket that has left HTTP. */
export async function handleTunnel(
  request: IncomingMessage,
  socket: Duplex,
  occasion: Occasion,
): Promise<void> {
  if (occasion.isOwned) socket.on('error', nothing);
  const isConnect = request.method === 'CONNECT';
  const status = isConnect
    ? '200 OK'
    : '101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x';
  if (occasion.act !== 'early end') socket.write(`HTTP/1.1 ${status}\r\n\r\n`);
  await talk(socket, occasion);
}

async function talk(socket: Duplex, occasion: Occasion): Promise<void> {
  const { act } = occasion;
  if (act === 'early end') return void socket.end();
  // It is its handler's by then, with its errors.
  if (act === 'strip') socket.removeAllListeners().on('error', nothing);
  if (act === 'reads') await read(socket);
  else if (act !== 'unread') socket.on('data', nothing);
  await prelude(occasion);
  if (act === 'destroy') return void socket.destroy();
  if (act === 'half') {
    socket.write('half');
    throw new Misbehaviour('after half an answer');
  }
  if (act === 'large') socket.write(Buffer.alloc(LARGE, 'x'));
  if (act === 'twice') socket.end('once');
  // An error by callback is nobody else's.
  if (act === 'twice' || act === 'odd headers') socket.write('more', nothing);
  else socket.end('answer');
}

/** To its end, as far as it comes. */
async function read(socket: Duplex): Promise<void> {
  try {
    for await (const chunk of socket) if ((chunk as Buffer).length === 0) break;
  } catch {
    // The client has gone.
  }
}
