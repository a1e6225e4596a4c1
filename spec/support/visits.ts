import { connect, type OutgoingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import { connect as connectSocket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { WebSocket } from 'ws';
import { certificate } from './certificate.ts';
import { follow, portOf } from './sockets.ts';

/** The text that a client of these specs reads when it is served. */
export const SERVED = 'served';

/** A server that listens, or a `WebSocketServer` with a port. */
export interface Listening {
  address(): unknown;
}

/**
 * A client that connects, asks, reads and leaves.
 *
 * @param cut - When it aborts, the client leaves at once.
 * @returns Whether the client was served.
 */
export type Visit = (to: Listening, cut?: AbortSignal) => Promise<boolean>;

const host = '127.0.0.1';
const secure = { ca: certificate.cert, servername: 'localhost' };

/** A TCP or TLS client that may write some words, and reads to the end. */
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

/** The requests of an HTTP/1 client. */
export const asked = {
  request: lines('GET / HTTP/1.1', 'Connection: close'),
  upgrade: lines('GET / HTTP/1.1', 'Connection: Upgrade', 'Upgrade: x'),
  connect: lines('CONNECT localhost:1 HTTP/1.1'),
} as const;

/** An HTTP/2 client with its own session. */
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
