import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { limits } from '../support/limits.ts';
import { suite } from '../support/suite.ts';
import { meetOwners, type Owned, Told } from '../support/throwing-owners.ts';

const test = suite("an owner's async method that rejects", { timeout: 20_000 });

const words = (all: string): string[] => all.split(' ');

const socketOf = (socket: Socket): Socket => socket;
const responseOf = (...args: [IncomingMessage, ServerResponse]): ServerResponse => args[1];
const sessionOf = (session: Http2Session): Http2Session => session;
const streamOf = (stream: ServerHttp2Stream): ServerHttp2Stream => stream;
const webSocketOf = (webSocket: WebSocket): WebSocket => webSocket;

const net = { kind: 'net', way: 'socket', event: 'connection' };
const tls = { kind: 'tls', way: 'socket', event: 'secureConnection' };
const http = { kind: 'http', way: 'request', event: 'request' };
const http2 = { kind: 'h2c', way: 'request', event: 'request' };
const ws = { kind: 'a WebSocketServer on http', way: 'WebSocket', event: 'connection' };

const ofSockets = words('destroy end resume pause resetAndDestroy destroySoon');
const ofResponses = words('writeHead end');

const everyOwned: Readonly<Record<string, Owned>> = {
  'a socket': { ...net, pick: socketOf, names: ofSockets },
  'a TLS socket': { ...tls, pick: socketOf, names: ofSockets },
  'a socket under HTTP': { ...http, event: 'connection', pick: socketOf, names: ofSockets },
  'a response': { ...http, pick: responseOf, names: ofResponses },
  'an HTTP/2 session': {
    ...http2,
    event: 'session',
    pick: sessionOf,
    names: words('close goaway ping destroy'),
  },
  'an HTTP/2 stream': { ...http2, event: 'stream', pick: streamOf, names: ['destroy'] },
  'a response of HTTP/2': { ...http2, pick: responseOf, names: ofResponses },
  'a WebSocket': { ...ws, pick: webSocketOf, names: words('close terminate pause resume') },
};

const told = new Told();
test.before(() => told.begin());
test.after(() => told.end());

for (const [name, owned] of Object.entries(everyOwned)) {
  const title = `costs nothing, and is told of: ${name}`;
  const cannot = owned.kind === 'h2c' ? limits.goawayMeetsStream : [];
  test(title, () => meetOwners(name, { ...owned, areAsync: true }, told), { cannot });
}

test.run();
