import type { Socket } from 'node:net';
import { sleep } from '../storm/clock.ts';
import { isHttp2, isStream, isWebSocket, type Style, type Want } from '../storm/plan.ts';
import { requestFor as httpRequest } from './http1.ts';
import { requestFor as streamRequest } from './streams.ts';
import { closed, type Trip } from './trip.ts';

const CROWD = 12;
const FLOOD_BYTES = 3_000_000;

/** The beginning of a ClientHello. */
const halfHello = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]);

/** An empty SETTINGS frame behind the preface. */
const preface = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);

const upgrade = Buffer.from(
  'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
);

/** A masked close frame without a code, and a frame that nobody may send. */
const invalidFrame = Buffer.from([0xff, 0x80, 0, 0, 0, 0]);

type Manner = (trip: Trip) => Promise<void>;

const manners: Partial<Record<Style, Manner>> = {
  silent: async (trip) => stay(stubborn(trip)),
  async 'stops halfway'(trip) {
    const socket = stubborn(trip);
    const request = openingOf(trip);
    socket.write(request.subarray(0, trip.draw.between(1, request.length - 1)));
    await stay(socket);
  },
  async leaves(trip) {
    const socket = ask(trip);
    await sleep(trip.visit.moment);
    socket.destroy();
    await stay(socket);
  },
  async resets(trip) {
    const socket = ask(trip, trip.draw.chance(0.5));
    await sleep(trip.visit.moment);
    reset(socket);
    await stay(socket);
  },
  async 'half-closes early'(trip) {
    const socket = trip.connect();
    if (trip.draw.chance(0.5)) socket.write(openingOf(trip).subarray(0, 5));
    socket.end();
    await stay(socket);
  },
  async crowds(trip) {
    const sockets = Array.from({ length: CROWD }, () => ask(trip, true));
    await sleep(trip.visit.moment);
    for (const socket of sockets) {
      if (trip.draw.chance(0.5)) reset(socket);
      else socket.destroy();
    }
    await Promise.all(sockets.map((socket) => closed(socket)));
  },
  async floods(trip) {
    const socket = ask(trip);
    // It reads nothing.
    socket.removeAllListeners('data').pause();
    const chunk = Buffer.alloc(65_536, `GET / HTTP/1.1\r\nHost: ${'x'.repeat(990)}\r\n\r\n`);
    for (let sent = 0; sent < FLOOD_BYTES && !socket.destroyed; sent += chunk.length) {
      if (!socket.write(chunk)) await sleep(5);
    }
    await sleep(trip.visit.moment);
    socket.resume();
    await stay(socket);
  },
  async 'talks garbage'(trip) {
    const socket = trip.connect({ isRaw: trip.draw.chance(0.5), protocol: protocolOf(trip) });
    if (isWebSocket(trip.kind)) socket.write(Buffer.concat([upgrade, invalidFrame]));
    socket.write(Buffer.from(Array.from({ length: 300 }, () => trip.draw.between(0, 255))));
    await stay(socket);
  },
  async 'half handshake'(trip) {
    const socket = trip.connect({ isRaw: true });
    socket.write(halfHello.subarray(0, trip.draw.between(1, halfHello.length)));
    await stay(socket);
  },
  async 'never closes'(trip) {
    const socket = trip.connect();
    socket.write(upgrade);
    await stay(socket);
  },
};

/** Does what no server can like. Its account says how its connections ended. */
export async function visitRudely(trip: Trip): Promise<void> {
  await manners[trip.visit.style]?.(trip);
}

function ask(trip: Trip, isRaw = false): Socket {
  const socket = trip.connect({ isRaw, protocol: protocolOf(trip) });
  socket.on('data', () => {}).on('error', () => {});
  socket.write(openingOf(trip));
  return socket;
}

function openingOf({ kind, visit }: Trip): Buffer {
  const want = visit.wants[0] as Want;
  if (isStream(kind)) return streamRequest(want);
  if (isHttp2(kind)) return preface;
  return isWebSocket(kind) ? upgrade : httpRequest(want);
}

const protocolOf = ({ kind }: Trip): string => (isHttp2(kind) ? 'h2' : '');

function reset(socket: Socket): void {
  try {
    socket.resetAndDestroy();
  } catch {
    // Over TLS and Unix sockets Node has no reset.
    socket.destroy();
  }
}

/** How long one stays that does not end its own side, in milliseconds. */
const STUBBORN_MS = 1500;

/** Now and then one that does not end its own side when the server has ended the other. */
function stubborn(trip: Trip): Socket {
  const allowHalfOpen = trip.draw.chance(0.2);
  const socket = trip.connect({ protocol: protocolOf(trip), allowHalfOpen });
  if (allowHalfOpen) socket.once('end', () => setTimeout(() => socket.destroy(), STUBBORN_MS));
  return socket;
}

/** Reads until the server ends it. */
async function stay(socket: Socket): Promise<void> {
  socket.on('error', () => {});
  if (!socket.destroyed) socket.resume();
  await closed(socket);
}
