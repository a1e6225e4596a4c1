import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttp, type Server as HttpServer } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import { connect as connectSocket, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTls } from 'node:tls';
import { expectTypeOf } from 'expect-type';
import { acceptLoop } from '../lib/accept-loop.ts';
import { listen } from '../lib/listen.ts';
import { stallUntilQueued } from './support/accept-queue.ts';
import { burstClient } from './support/burst-client.ts';
import { certificate } from './support/certificate.ts';
import { limits } from './support/limits.ts';
import { abortListeners, listenersOn } from './support/listeners.ts';
import { follow, listening, portOf, readToEnd } from './support/sockets.ts';
import { suite } from './support/suite.ts';
import { override } from './support/overrides.ts';
import { Told } from './support/throwing-owners.ts';
import { turns } from './support/turns.ts';

const test = suite('listen');

let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'accept-loop-'));
});
test.after(() => rm(folder, { recursive: true }));

const loopback = { port: 0, host: '127.0.0.1' };

async function closed(server: Server): Promise<void> {
  const ended = once(server, 'close');
  server.close();
  await ended;
}

/** Whether a client is served, at the port or path where a server listens. */
async function assertServes(server: Server, where: Server | string = server): Promise<void> {
  server.once('connection', (socket: Socket) => socket.end('served'));
  assert.equal((await readToEnd(where)).text, 'served');
}

const servers: [string, () => Server][] = [
  ['net', () => createServer()],
  ['tls', () => createTls(certificate)],
  ['http', () => createHttp()],
  ['https', () => createHttps(certificate)],
  ['http2', () => createHttp2()],
];
for (const [kind, create] of servers) {
  test(`resolves with the same ${kind} server when it listens, and leaves nothing on it`, async () => {
    const server = create();
    const before = listenersOn(server);
    const stop = new AbortController();
    let heard = false;
    server.once('listening', () => (heard = true));
    assert.equal(await listen(server, loopback, { signal: stop.signal }), server);
    assert.equal(server.listening, true);
    assert.equal(heard, true);
    assert.deepEqual(listenersOn(server), before);
    assert.equal(abortListeners(stop.signal), 0);
    await closed(server);
  });
}

test("resolves with the server's own type", async () => {
  const server = await listen(createHttp(), 0);
  expectTypeOf(server).toEqualTypeOf<HttpServer>();
  await closed(server);
});

test('takes a port', async () => {
  const free = await listening(createServer());
  const port = portOf(free);
  await closed(free);
  const server = await listen(createServer(), port);
  assert.equal(portOf(server), port);
  await assertServes(server);
  await closed(server);
});

test('takes the path of a Unix socket, and closing the server removes the file', async () => {
  const path = join(folder, 'plain.sock');
  const server = await listen(createServer(), path);
  assert.equal(server.address(), path);
  await assertServes(server, path);
  await closed(server);
  assert.equal(existsSync(path), false);
});

test('takes an abstract name, which has no file', async () => {
  const name = `\0accept-loop-${process.pid}`;
  const server = await listen(createServer(), name);
  await assertServes(server, name);
  await assert.rejects(listen(createServer(), name), { code: 'EADDRINUSE' });
  assert.equal(server.listening, true);
  await closed(server);
});

test('settles before a connection can arrive: one at once is served', async () => {
  for (const create of [() => createServer(), () => createHttp()]) {
    const server = create();
    let client: Promise<unknown> | undefined;
    server.once('listening', () => {
      const socket = connectSocket({ port: portOf(server), host: '127.0.0.1' });
      socket.write('GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
      client = follow(socket);
    });
    const loop = acceptLoop(await listen(server, loopback));
    const { value } = await loop.next();
    const connection = value as Socket | [unknown, { end(): void }];
    if (Array.isArray(connection)) connection[1].end();
    else connection.end();
    await client;
    await loop.return();
  }
});

test('rejects with the very error of the bind, and leaves nothing behind', async () => {
  const taken = await listening(createServer());
  for (const where of [
    { port: portOf(taken), host: '127.0.0.1' },
    { port: 0, host: '192.0.2.1' },
    { fd: 999 },
    join(folder, 'no', 'such', 'folder.sock'),
  ]) {
    const server = createServer();
    const before = listenersOn(server);
    const stop = new AbortController();
    let seen: unknown;
    const hear = (error: unknown): void => void (seen = error);
    server.once('error', hear);
    await assert.rejects(listen(server, where, stop), (error) => error === seen);
    assert.ok(seen instanceof Error);
    assert.equal(server.listening, false);
    assert.deepEqual(listenersOn(server), before);
    assert.equal(abortListeners(stop.signal), 0);
  }
  await closed(taken);
});

test('may be called again after it has rejected', async () => {
  const taken = await listening(createServer());
  const server = createServer();
  const where = { port: portOf(taken), host: '127.0.0.1' };
  await assert.rejects(listen(server, where), { code: 'EADDRINUSE' });
  await closed(taken);
  await listen(server, where);
  assert.equal(portOf(server), where.port);
  await closed(server);
});

test('rejects with what Node throws of its arguments, and leaves nothing behind', async () => {
  const server = createServer();
  const before = listenersOn(server);
  const stop = new AbortController();
  const where = { port: 0, host: 5 as unknown as string };
  await assert.rejects(listen(server, where, stop));
  assert.deepEqual(listenersOn(server), before);
  assert.equal(abortListeners(stop.signal), 0);
});

test('leaves a server that listens already as it is', async () => {
  const server = await listening(createServer());
  const [before, port] = [listenersOn(server), portOf(server)];
  for (const where of [0, loopback, { port: 0, host: 'localhost' }, join(folder, 'second.sock')]) {
    await assert.rejects(listen(server, where), { code: 'ERR_SERVER_ALREADY_LISTEN' });
  }
  const stopped = AbortSignal.abort('stopped');
  await assert.rejects(listen(server, 0, stopped), (error) => error === 'stopped');
  await turns(3);
  assert.equal(portOf(server), port);
  assert.deepEqual(listenersOn(server), before);
  await assertServes(server);
  await closed(server);
});

test('rejects while the server is being bound, which goes on', async () => {
  const server = createServer();
  const first = listen(server, { port: 0, host: 'localhost' });
  const second = listen(server, 0, AbortSignal.timeout(60_000));
  await assert.rejects(second, {
    code: 'ERR_SERVER_ALREADY_LISTEN',
    message: /^Cannot listen: the server is being bound already$/,
  });
  assert.equal(await first, server);
  assert.equal(server.listening, true);
  await closed(server);
});

test('has a signal that cancels nothing once the server listens', async () => {
  const stop = new AbortController();
  const server = await listen(createServer(), loopback, { signal: stop.signal });
  stop.abort();
  await turns(3);
  assert.equal(server.listening, true);
  await assertServes(server);
  await closed(server);
});

test('hands the signal on to a loop, which serves who waits at the abort', async () => {
  const stop = new AbortController();
  const loop = acceptLoop(await listen(createServer(), loopback, stop), stop);
  stop.abort();
  assert.deepEqual(await loop.next(), { done: true, value: undefined });
});

test('puts one listener on a signal, however many servers wait (A15)', async () => {
  const stop = new AbortController();
  const all = Array.from({ length: 20 }, () => createServer());
  const where = { port: 0, host: 'localhost' };
  const pending = all.map((server) => listen(server, where, stop));
  assert.equal(abortListeners(stop.signal), 1);
  await Promise.all(pending);
  assert.equal(abortListeners(stop.signal), 0);
  await Promise.all(all.map((server) => closed(server)));
});

test(
  'lets more than 512 clients wait in the accept queue',
  async () => {
    const client = await burstClient();
    const server = await listen(createServer(), loopback);
    server.on('connection', (socket) => socket.on('error', () => {}).end('hello'));
    const outcomes = client.burst(portOf(server), 900);
    await turns(1);
    stallUntilQueued(portOf(server), 600);
    assert.equal((await outcomes).served, 900);
    await client.stop();
    await closed(server);
  },
  { cannot: limits.backlog, timeout: 30_000 },
);

for (const name of ['on', 'off', 'listening', 'close', 'listen']) {
  for (const aborts of [false, true]) {
    const title = aborts ? ', and its signal aborts' : '';
    test(`settles though "${name}" of the server throws${title}`, async () => {
      const server = createServer();
      const stop = new AbortController();
      const told = new Told();
      told.begin();
      let hasThrown = false;
      const thrown = `${name} throws, aborted: ${String(aborts)}`;
      override(server, name, () => {
        hasThrown = true;
        return new Error(thrown);
      });
      const listens = listen(server, loopback, stop.signal).then(
        () => undefined,
        (error: unknown) => (error as Error).message,
      );
      if (aborts) stop.abort();
      const message = await listens;
      await turns(2);
      told.end();
      assert.equal(message === thrown || told.has(thrown) || !hasThrown, true);
      assert.equal(abortListeners(stop.signal), 0);
      Reflect.deleteProperty(server, name);
      server.close();
    });
  }
}

test.run();
