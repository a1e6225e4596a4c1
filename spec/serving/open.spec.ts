import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import type { Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import {
  type OpenConnection,
  type OpenState,
  serve,
  type Serving,
  type Straggler,
} from 'accept-loop';
import { expectTypeOf } from 'expect-type';
import { certificate } from '../support/certificate.ts';
import { cpuTime } from '../support/cpu-time.ts';
import { http2Servers, openSession, readAnswer } from '../support/drain-http2.ts';
import { openClient, openWebSocketServer } from '../support/drain-web-socket.ts';
import { ask, eventModes, streamScene } from '../support/http2-events.ts';
import { limits } from '../support/limits.ts';
import { BIG } from '../support/never-read.ts';
import { openOf } from '../support/open-clients.ts';
import { override } from '../support/overrides.ts';
import { gate, scene } from '../support/scene.ts';
import { serveScene } from '../support/serve-scene.ts';
import { connect, connectTls, portOf } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { turns, until } from '../support/turns.ts';
import { collectWarnings } from '../support/warnings.ts';

const test = suite('open() of serve');

/** More than the window of an HTTP/2 client, and less than a session may hold. */
const MEGABYTE = BIG.subarray(0, 1 << 20);

const never = (): Promise<void> => new Promise(() => {});

const states = (all: readonly OpenConnection[]): string[] => all.map(({ state }) => state);

test('tells who is served, and who waits for a slot', async () => {
  const { server, serving, assertOver } = await scene(never, { concurrency: 1 });
  const clients = [await connect(server), await connect(server)];
  await until(() => serving.stats.accepted === 2);
  const ports = clients.map(({ socket }) => socket.localPort);
  assert.deepEqual(openOf(serving.open(), ports), [
    { kind: 'connection', state: 'running' },
    { kind: 'connection', state: 'waiting' },
  ]);
  await serving.stop({ grace: 0 });
  assert.deepEqual(serving.open(), []);
  await Promise.all(clients.map(({ ending }) => ending));
  await assertOver();
});

test('tells whose answer has not left, and who is to end its side', async () => {
  const { server, serving, assertOver } = await scene(async (socket) => void socket.write(BIG));
  const { socket, ending } = await connect(server, { allowHalfOpen: true });
  socket.pause();
  await until(() => serving.stats.completed === 1);
  const { localPort } = socket;
  assert.deepEqual(openOf(serving.open(), [localPort]), [
    { kind: 'connection', state: 'flushing' },
  ]);
  socket.resume();
  await until(() => states(serving.open())[0] === 'lingering');
  assert.deepEqual(openOf(serving.open(), [localPort]), [
    { kind: 'connection', state: 'lingering' },
  ]);
  socket.end();
  await until(() => serving.open().length === 0);
  await serving.stop();
  await ending;
  await assertOver();
});

test('tells of one in callback style: it runs, and then lingers', async () => {
  const opened = gate<Socket>();
  const { server, serving, assertOver } = await scene((socket) => opened.open(socket));
  const { socket, ending } = await connect(server, { allowHalfOpen: true });
  const connection = await opened.opened;
  assert.deepEqual(states(serving.open()), ['running']);
  connection.end('answer');
  await until(() => states(serving.open())[0] === 'lingering');
  socket.end();
  await ending;
  await serving.stop();
  await assertOver();
});

test('tells of a handler that runs though its client has gone', async () => {
  const { server, serving, assertOver } = await scene(async (socket, { draining }) => {
    socket.resume();
    await once(draining, 'abort');
  });
  const { socket, ending } = await connect(server);
  await until(() => serving.stats.active === 1);
  socket.resetAndDestroy();
  await ending;
  await turns(5);
  assert.deepEqual(states(serving.open()), ['running']);
  await serving.stop();
  await assertOver();
});

test('tells of a TLS handshake that hangs, and of a client that is through', async () => {
  const { server, serving, end } = await serveScene(createTlsServer(certificate), never, {
    grace: 0,
  });
  const accepting = once(server, 'connection');
  const silent = await connect(server);
  await accepting;
  const client = await connectTls(server);
  await until(() => serving.stats.active === 1);
  const ports = [silent.socket.localPort, client.socket.localPort];
  assert.deepEqual(openOf(serving.open(), ports), [
    { kind: 'handshake', state: 'handshake' },
    { kind: 'connection', state: 'running' },
  ]);
  await end();
  await Promise.all([silent.ending, client.ending]);
});

for (const [name, { scheme, create }] of Object.entries(http2Servers)) {
  test(`lists a session once: idle, served, and answered and not read (${name})`, async () => {
    const { server, serving, end } = await serveScene(
      create(),
      ([{ url }, response]) => void (url?.startsWith('/big') && response.end(MEGABYTE)),
      { grace: 0, idle: 10_000 },
    );
    const { session, closed } = await openSession(server, scheme);
    const { localPort } = session.socket;
    await until(() => states(serving.open())[0] === 'idle');
    assert.deepEqual(openOf(serving.open(), [localPort]), [{ kind: 'connection', state: 'idle' }]);
    const big = session.request({ ':path': '/big?secret' });
    await once(big, 'response');
    await until(() => states(serving.open())[0] === 'flushing');
    assert.deepEqual(openOf(serving.open(), [localPort]), [
      { kind: 'request', state: 'flushing', method: 'GET', url: '/big' },
    ]);
    const others = [1, 2].map((index) => session.request({ ':path': `/${index}?secret` }));
    await until(() => serving.stats.active === 3);
    assert.deepEqual(openOf(serving.open(), [localPort]), [
      { kind: 'request', state: 'running', method: 'GET', url: '/1' },
    ]);
    const answers = [big, ...others].map(readAnswer);
    await end();
    await Promise.all([...answers, closed]);
    assert.deepEqual(serving.open(), []);
  });
}

for (const mode of eventModes) {
  test(`tells what was asked for, of ${mode.title}`, async () => {
    const { server, serving, end } = await streamScene(mode, never, { grace: 0 });
    const { session, closed } = await openSession(server, mode.scheme);
    const { localPort } = session.socket;
    const { outcome } = ask(session, mode);
    await until(() => serving.stats.active === 1);
    await turns(5);
    const line = {
      stream: { kind: 'request', method: 'GET', url: '/' },
      session: { kind: 'connection' },
      connect: { kind: 'upgrade', method: 'CONNECT', url: 'localhost:80' },
    }[mode.event];
    const [seen] = openOf(serving.open(), [localPort]);
    assert.deepEqual(seen, { state: 'running', ...line });
    await end();
    await Promise.all([outcome, closed]);
  });
}

for (const mode of ['standalone', 'http'] as const) {
  test(`tells of a WebSocket, and what has opened it (${mode})`, async () => {
    const { server, http } = await openWebSocketServer(mode);
    const port = portOf(server);
    const serving = serve(server, never, { grace: 0 });
    const { client, open, code } = openClient(port, 'http', '/chat?secret');
    await open;
    await until(() => serving.stats.active === 1);
    const [seen, ...others] = serving.open();
    const { age: _age, remotePort, ...rest } = seen ?? assert.fail();
    assert.deepEqual(rest, {
      kind: 'connection',
      state: 'running',
      remoteAddress: '127.0.0.1',
      method: 'GET',
      url: '/chat',
    });
    assert.ok(typeof remotePort === 'number');
    assert.deepEqual(others, []);
    await serving.stop();
    await code;
    client.terminate();
    if (http) await new Promise((resolve) => http.close(resolve));
  });
}

test(
  'tells of a client of a WebSocketServer with a port that has not asked for one',
  async () => {
    const { server } = await openWebSocketServer();
    const serving = serve(server, never, { grace: 0 });
    const { socket, ending } = await connect(portOf(server));
    await until(() => serving.open().length === 1);
    const { localPort } = socket;
    assert.deepEqual(openOf(serving.open(), [localPort]), [{ kind: 'connection', state: 'idle' }]);
    socket.write('GET / HT');
    await until(() => states(serving.open())[0] === 'half a request');
    assert.deepEqual(openOf(serving.open(), [localPort]), [
      { kind: 'request', state: 'half a request' },
    ]);
    await serving.stop();
    await ending;
  },
  { cannot: limits.standaloneSockets },
);

test("costs the field whose getter throws: that of a socket's owner", async () => {
  const { warnings, stopCollecting } = collectWarnings();
  const { server, serving, assertOver } = await scene((socket) => {
    override(socket, 'remoteAddress', () => new Error('remoteAddress throws'));
    return never();
  });
  const { socket, ending } = await connect(server);
  await until(() => serving.stats.active === 1);
  for (let count = 0; count < 2; count += 1) {
    const [{ age, ...seen } = assert.fail()] = serving.open();
    const { localPort: remotePort } = socket;
    assert.deepEqual(seen, {
      kind: 'connection',
      state: 'running',
      remoteAddress: undefined,
      remotePort,
    });
    assert.ok(age >= 0);
  }
  const [straggler] = (await serving.stop({ grace: 0 })).stragglers;
  assert.equal(straggler?.remotePort, socket.localPort ?? straggler?.remotePort);
  await ending;
  await assertOver();
  stopCollecting();
  assert.deepEqual(
    warnings.map(({ message }) => message),
    ['remoteAddress throws'],
  );
});

test('is made in a time that grows with the number of what is open', async () => {
  const emitter = new EventEmitter();
  const serving = serve(emitter, never, {
    event: 'connection',
    concurrency: 5000,
    maxQueued: 5000,
  });
  const measure = (): number => {
    let least = Infinity;
    for (let run = 0; run < 5; run += 1)
      least = Math.min(
        least,
        cpuTime(() => serving.open()),
      );
    return least;
  };
  const bring = (count: number): void => {
    while (serving.open().length < count) {
      for (let part = 0; part < 1000; part += 1) {
        const thing = Object.assign(new EventEmitter(), { terminate() {}, remotePort: 1 });
        emitter.emit('connection', thing);
      }
    }
  };
  bring(1000);
  const few = measure();
  bring(10_000);
  assert.equal(serving.open().length, 10_000);
  assert.deepEqual(new Set(states(serving.open())), new Set(['running', 'waiting']));
  const many = measure();
  assert.ok(many < 40 * few + 5, `${few} ms, and ${many} ms for ten times as many`);
  await serving.stop({ grace: 0 });
});

test('gives what is open, with a state and what stragglers have', () => {
  expectTypeOf<Serving['open']>().returns.toEqualTypeOf<OpenConnection[]>();
  expectTypeOf<OpenConnection>().toExtend<Straggler>();
  expectTypeOf<OpenConnection['url']>().toEqualTypeOf<string | undefined>();
  expectTypeOf<OpenConnection['state']>().toEqualTypeOf<OpenState>();
});

test('is a copy', async () => {
  const { server, serving, assertOver } = await scene(never);
  const { ending } = await connect(server);
  await until(() => serving.stats.active === 1);
  serving.open().pop();
  assert.equal(serving.open().length, 1);
  await serving.stop({ grace: 0 });
  await ending;
  await assertOver();
});

test.run();
