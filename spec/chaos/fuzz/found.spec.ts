import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttp, type Server as HttpServer } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import {
  connect as connectNet,
  createServer as createNet,
  type Server,
  type Socket,
} from 'node:net';
import { connect as connectTls, createServer as createTls } from 'node:tls';
import { drain, serve } from 'accept-loop';
import { WebSocketServer } from 'ws';
import { certificate } from '../../support/certificate.ts';
import { limits } from '../../support/limits.ts';
import { connectionsOf } from '../../support/scene.ts';
import { connect, follow, listening, portOf } from '../../support/sockets.ts';
import { suite } from '../../support/suite.ts';
import { turns, until } from '../../support/turns.ts';

const test = suite('what the fuzzer has found');

/** Has a server shut down with `grace: 0` inside an owner's earlier listener of an event. */
function stopInside(
  server: Server,
  event: string,
  way: 'serve' | 'drain',
): { readonly over: Promise<unknown>; readonly closed: Promise<unknown> } {
  const stop = new AbortController();
  server.on(event, () => stop.abort());
  const options = { signal: stop.signal, grace: 0 };
  const closed = once(server, 'close');
  const over = way === 'drain' ? drain(server, options) : serve(server, () => {}, options).finished;
  return { over, closed };
}

for (const way of ['serve', 'drain'] as const) {
  test(`ends the connection in whose event it is stopped at once (${way})`, async () => {
    const kinds: (() => Server)[] = [
      createNet,
      createHttp,
      createHttp2,
      () => createTls(certificate),
    ];
    for (const create of kinds) {
      const server = create();
      const { over, closed } = stopInside(server, 'connection', way);
      const { ending } = await connect(await listening(server));
      await Promise.all([over, ending, closed]);
      assert.equal(await connectionsOf(server), 0);
    }
  });

  test(`ends the TLS connection in whose handshake it is stopped at once (${way})`, async () => {
    const server = await listening(createTls(certificate));
    const { over, closed } = stopInside(server, 'secureConnection', way);
    const port = portOf(server);
    const where = { port, host: '127.0.0.1', ca: certificate.cert, servername: 'localhost' };
    const clients = Array.from({ length: 10 }, () => {
      const client = connectTls(where);
      const ending = follow(client);
      client.write('x'.repeat(100_000));
      return ending;
    });
    await Promise.all([over, ...clients, closed]);
  });

  test(
    `ends the HTTP/2 session in whose event it is stopped at once (${way})`,
    async () => {
      const server = await listening(createHttp2());
      const { over, closed } = stopInside(server, 'session', way);
      const client = connectNet(portOf(server), '127.0.0.1').on('error', () => {});
      const ending = follow(client);
      client.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
      await Promise.all([over, ending, closed]);
    },
    { cannot: limits.goawayMeetsStream },
  );
}

test(
  'lives when a client is gone whose socket has lost its listeners, and it is to be told 408',
  async () => {
    const server: HttpServer = await listening(createHttp({ headersTimeout: 100 }));
    const stop = new AbortController();
    const sockets: Socket[] = [];
    server.on('connection', (socket) => sockets.push(socket));
    server.on('request', (request, response) => {
      response.end('x');
      request.socket.removeAllListeners('error');
    });
    const drained = drain(server, { signal: stop.signal, idle: 20, grace: 5000 });
    const client = connectNet(portOf(server), '127.0.0.1').on('error', () => {});
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(client, 'data');
    client.write('GET / HTTP/1.1\r\n');
    const [socket = assert.fail()] = sockets;
    const { bytesRead } = socket;
    await until(() => socket.bytesRead > bytesRead);
    stop.abort();
    // What is written then fails with EPIPE.
    socket.write = (): boolean => {
      socket.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
      return false;
    };
    await drained;
    client.destroy();
  },
  { cannot: limits.httpNewcomers },
);

test("has a WebSocketServer without a server say 'close' once, however often it is drained", async () => {
  const server = new WebSocketServer({ noServer: true });
  let closes = 0;
  server.on('close', () => (closes += 1));
  await drain(server);
  await drain(server);
  await turns(3);
  assert.equal(closes, 1);
});

test.run();
