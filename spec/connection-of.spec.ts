import { createServer as createHttp, IncomingMessage, type ServerResponse } from 'node:http';
import {
  createSecureServer,
  createServer as createHttp2,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import { createServer as createHttps } from 'node:https';
import { createServer, type Socket } from 'node:net';
import { createServer as createTls, type TLSSocket } from 'node:tls';
import { acceptLoop, type AcceptLoop, type ConnectionOf } from 'accept-loop';
import { expectTypeOf } from 'expect-type';
import { type WebSocket, WebSocketServer } from 'ws';
import { suite } from './support/suite.ts';

const test = suite('the types');

test('follow the kind of server', async () => {
  const loops = {
    net: acceptLoop(createServer()),
    tls: acceptLoop(createTls()),
    http: acceptLoop(createHttp()),
    https: acceptLoop(createHttps()),
    http2: acceptLoop(createHttp2()),
    secureHttp2: acceptLoop(createSecureServer()),
    ws: acceptLoop(new WebSocketServer({ noServer: true })),
    tuple: acceptLoop<[Socket]>(createServer(), { event: 'connection' }),
    unknown: acceptLoop(createServer(), { event: 'connection' }),
  };
  expectTypeOf(loops.net).toEqualTypeOf<AcceptLoop<Socket>>();
  expectTypeOf(loops.tls).toEqualTypeOf<AcceptLoop<TLSSocket>>();
  expectTypeOf(loops.http).toExtend<AsyncIterable<[IncomingMessage, ServerResponse]>>();
  expectTypeOf(loops.https).toExtend<AsyncIterable<[IncomingMessage, ServerResponse]>>();
  expectTypeOf(loops.http2).toExtend<AsyncIterable<[Http2ServerRequest, Http2ServerResponse]>>();
  expectTypeOf(loops.secureHttp2).toEqualTypeOf(loops.http2);
  expectTypeOf(loops.ws).toExtend<AsyncIterable<[WebSocket, IncomingMessage]>>();
  expectTypeOf(loops.tuple).toEqualTypeOf<AcceptLoop<[Socket]>>();
  expectTypeOf(loops.unknown).toEqualTypeOf<AcceptLoop<unknown[]>>();
  for (const loop of Object.values(loops)) await loop.return();
});

test('know the classes that an HTTP server was made with', () => {
  class Visit extends IncomingMessage {
    readonly visitor: string = '';
  }
  const server = createHttp({ IncomingMessage: Visit });
  expectTypeOf<ConnectionOf<typeof server>[0]>().toEqualTypeOf<Visit>();
});

test('are the same for a signal and for options', async () => {
  const { signal } = new AbortController();
  for (const options of [signal, { signal, maxQueued: 1 }, { maxQueued: undefined }, {}]) {
    const loop = acceptLoop(createServer(), options);
    expectTypeOf(loop).toEqualTypeOf<AcceptLoop<Socket>>();
    await loop.return();
  }
  expectTypeOf<ConnectionOf<object>>().toBeNever();
});

test.run();
