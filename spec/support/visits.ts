import { connect, type OutgoingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import { connect as connectSocket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { WebSocket } from 'ws';
import { certificate } from './certificate.ts';
import { follow, portOf } from './sockets.ts';

/** What a client of these specs reads when it is served. */
export const SERVED = 'served';

/** What listens: a server, or a `WebSocketServer` with a port. */
export interface Listening {
  address(): unknown;
}

/**
 * A client that comes, asks, reads, and goes.
 *
 * @param cut - Has it go at once when it aborts.
 * @returns Whether it was served.
 */
export type Visit = (to: Listening, cut?: AbortSignal) => Promise<boolean>;

const host = '127.0.0.1';
const secure = { ca: certificate.cert, servername: 'localhost' };

/** A client of TCP or TLS that says some words, and is served with their answer or with its end. */
export function visitSocket(isSecure: boolean, words = ''): Visit {
  return async (to, cut) => {
    const where = { port: portOf(to), host };
    const tls = { ...where, ...secure, ALPNProtocols: ['http/1.1'] };
    const socket: Socket = isSecure ? connectSecure(tls) : connectSocket(where);
    const ending = follow(socket);
    cut?.addEventListener('abort', () => socket.destroy());
    if (words) socket.write(words);
    return (await ending).text.includes(SERVED);
  };
}

const lines = (...all: string[]): string => [...all, 'Host: localhost', '', ''].join('\r\n');

/** What a client of HTTP/1 may ask for. */
export const asked = {
  request: lines('GET / HTTP/1.1', 'Connection: close'),
  upgrade: lines('GET / HTTP/1.1', 'Connection: Upgrade', 'Upgrade: x'),
  connect: lines('CONNECT localhost:1 HTTP/1.1'),
} as const;

/** A client of HTTP/2 with a session of its own. */
export function visitHttp2(isSecure: boolean, headers: OutgoingHttpHeaders = {}): Visit {
  return async (to, cut) => {
    const where = `${isSecure ? 'https' : 'http'}://localhost:${portOf(to)}`;
    const session = connect(where, { ...secure, host });
    session.on('error', () => {});
    cut?.addEventListener('abort', () => session.destroy());
    const closed = new Promise<void>((resolve) => session.once('close', () => resolve()));
    const stream = session.request(headers, { endStream: headers[':method'] !== 'CONNECT' });
    stream.on('error', () => {});
    stream.setEncoding('utf8');
    let body = '';
    stream.on('data', (chunk) => (body += String(chunk)));
    stream.on('end', () => stream.end());
    await Promise.race([closed, new Promise((resolve) => stream.once('close', resolve))]);
    session.close();
    await closed;
    return body === SERVED;
  };
}

export const visitWebSocket: Visit = async (to, cut) => {
  const client = new WebSocket(`ws://${host}:${portOf(to)}`);
  client.on('error', () => {});
  cut?.addEventListener('abort', () => client.terminate());
  let text = '';
  client.on('message', (message: Buffer) => {
    text += message.toString();
    client.close();
  });
  await new Promise((resolve) => client.once('close', resolve));
  return text === SERVED;
};
