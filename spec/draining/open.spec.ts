import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { drain, type Draining, type DrainReport, type DrainStats } from 'accept-loop';
import { expectTypeOf } from 'expect-type';
import express from 'express';
import { certificate } from '../support/certificate.ts';
import { askFor, http2Drain, http2Servers, openSession } from '../support/drain-http2.ts';
import { drainScene, held } from '../support/drain-scene.ts';
import { webSocketDrain } from '../support/drain-web-socket.ts';
import { get } from '../support/http-messages.ts';
import { limits } from '../support/limits.ts';
import { openOf } from '../support/open-clients.ts';
import {
  type Client,
  connect,
  connectAccepted,
  connectTls,
  listening,
  refuses,
} from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { until } from '../support/turns.ts';

const test = suite('what drain returns');

test('is a promise of the report, with what it also tells', () => {
  expectTypeOf(drain).returns.toEqualTypeOf<Draining>();
  expectTypeOf<Draining>().toExtend<Promise<DrainReport>>();
  expectTypeOf<Awaited<Draining>>().toEqualTypeOf<DrainReport>();
  expectTypeOf<Draining['stop']>().returns.toEqualTypeOf<Promise<DrainReport>>();
  expectTypeOf<Draining['stats']>().toEqualTypeOf<DrainStats>();
});

test('is shared by all calls, and is a promise like any other', async () => {
  const server = await listening(createServer());
  const { signal } = new AbortController();
  const drained = drain(server, { signal });
  assert.ok(drained instanceof Promise);
  assert.equal(drain(server, { signal }), drained);
  const report = await drained.stop();
  assert.equal(await drained, report);
  assert.equal(await drained.then(({ finished }) => finished), 0);
  assert.deepEqual(drained.open(), []);
});

test('tells who is open, and counts them: before, during and after the shutdown', async () => {
  const { server, drained, end } = await drainScene(createServer(), { grace: 200 });
  const left = await connectAccepted(server);
  left.socket.destroy();
  await left.ending;
  await until(() => drained.open().length === 0);
  const clients = [await connectAccepted(server), await connectAccepted(server)];
  const [first, second] = clients.map(({ socket }) => socket);
  const running = { kind: 'connection', state: 'running' };
  const ports = clients.map(({ socket }) => socket.localPort);
  assert.deepEqual(openOf(drained.open(), ports), [running, running]);
  assert.deepEqual(drained.stats, { open: 2, finished: 0, forced: 0 });
  const ending = end();
  assert.deepEqual(drained.stats, { open: 2, finished: 0, forced: 0 });
  await refuses(server);
  first?.end();
  await until(() => drained.stats.finished === 1);
  assert.deepEqual(drained.stats, { open: 1, finished: 1, forced: 0 });
  assert.deepEqual(openOf(drained.open(), [second?.localPort]), [running]);
  await ending;
  assert.deepEqual(drained.stats, { open: 0, finished: 1, forced: 1 });
  assert.deepEqual(drained.open(), []);
});

test('counts each once while it is ended by force', async () => {
  const count = 100;
  const { server, drained, end } = await drainScene(createServer(), { grace: 0 });
  const clients = await Promise.all(Array.from({ length: count }, () => connect(server)));
  await until(() => drained.stats.open === count);
  const seen: DrainStats[] = [];
  const ending = end();
  let isOver = false;
  void drained.then(() => (isOver = true));
  await until(() => {
    seen.push(drained.stats);
    return isOver;
  });
  await ending;
  for (const { open, finished, forced } of seen) {
    assert.equal(open + finished + forced, count, JSON.stringify(seen));
    assert.equal(finished, 0);
  }
  await Promise.all(clients.map((client) => client.ending));
});

test('lists those from before the call without an address, once it has begun', async () => {
  const unbound = createServer();
  const clients: Client[] = [];
  const before = async (): Promise<unknown> => clients.push(await connectAccepted(unbound));
  const { drained, stop, over } = await drainScene(unbound, { before });
  assert.deepEqual(drained.open(), []);
  stop.abort();
  await until(() => drained.open().length === 1);
  const [{ age: _age, ...early } = assert.fail()] = drained.open();
  assert.deepEqual(early, {
    kind: 'connection',
    state: 'running',
    remoteAddress: undefined,
    remotePort: undefined,
  });
  assert.deepEqual(drained.stats, { open: 1, finished: 0, forced: 0 });
  for (const { socket } of clients) socket.end();
  assert.equal((await over()).finished, 1);
});

for (const [name, create] of Object.entries({
  tls: () => createTlsServer(certificate),
  https: () => createSecureServer(certificate),
})) {
  test(
    `tells of a handshake that hangs, and of a client that is through (${name})`,
    async () => {
      const { server, drained, end } = await drainScene(create(), { grace: 100, idle: 10_000 });
      const silent = await connectAccepted(server);
      const client = await connectTls(server);
      await until(() => drained.open().some(({ state }) => state !== 'handshake'));
      const ports = [silent.socket.localPort, client.socket.localPort];
      assert.deepEqual(openOf(drained.open(), ports), [
        { kind: 'handshake', state: 'handshake' },
        { kind: 'connection', state: name === 'tls' ? 'running' : 'idle' },
      ]);
      await end();
      await Promise.all([silent.ending, client.ending]);
    },
    { cannot: name === 'https' ? limits.httpNewcomers : [] },
  );
}

for (const [name, { scheme, create }] of Object.entries(http2Servers)) {
  test(`lists an HTTP/2 session once: idle, and with its first request (${name})`, async () => {
    const { server, drained, stop, over } = await http2Drain(create(), () => {}, { grace: 100 });
    const { session, closed } = await openSession(server, scheme);
    const { localPort } = session.socket;
    await until(() => drained.open()[0]?.state === 'idle');
    assert.deepEqual(openOf(drained.open(), [localPort]), [{ kind: 'connection', state: 'idle' }]);
    const asked = [askFor(session, '/1?secret'), askFor(session, '/2')];
    await until(() => drained.open()[0]?.state === 'running');
    assert.deepEqual(openOf(drained.open(), [localPort]), [
      { kind: 'request', state: 'running', method: 'GET', url: '/1' },
    ]);
    stop.abort();
    const [straggler] = (await over()).stragglers;
    assert.deepEqual([straggler?.method, straggler?.url], ['GET', '/1']);
    await Promise.all([...asked, closed]);
  });
}

for (const mode of ['standalone', 'http'] as const) {
  test(`tells of a WebSocket, which lingers when it has been told to go (${mode})`, async () => {
    const { drained, stop, client: open, over } = await webSocketDrain({ mode, grace: 10_000 });
    const { client, code } = await open();
    await until(() => drained.open().length === 1);
    const state = (): unknown => drained.open().map((each) => [each.kind, each.state]);
    assert.deepEqual(state(), [['connection', 'running']]);
    client.pause();
    stop.abort();
    await until(() => drained.open()[0]?.state === 'lingering');
    assert.deepEqual(state(), [['connection', 'lingering']]);
    client.resume();
    assert.equal(await code, 1001);
    assert.equal((await over()).finished, 1);
  });
}

test('tells what was asked for where a router of Express has cut it', async () => {
  let asked = 0;
  const router = express.Router().get('/:id', () => void (asked += 1));
  const unbound = createHttpServer(express().use('/reports', router));
  const { server, drained, end } = await drainScene(unbound, { grace: 0 });
  const { socket, ending } = await connect(server);
  socket.write(get('/reports/7?secret'));
  await until(() => asked === 1);
  assert.deepEqual(openOf(drained.open(), [socket.localPort]), [
    { kind: 'request', state: 'running', method: 'GET', url: '/reports/7' },
  ]);
  const [straggler] = (await end()).stragglers;
  assert.equal(straggler?.url, '/reports/7');
  await ending;
});

test('begins with stop(), without a signal, too', async () => {
  const server = await listening(createServer());
  const closed = once(server, 'close');
  const drained = drain(server, { signal: new AbortController().signal, grace: 200 });
  const { ending } = await connectAccepted(server);
  const report = await drained.stop();
  assert.deepEqual([report.forced, report.duration >= 199], [1, true]);
  await Promise.all([closed, ending]);
});

test('is stopped harder with stop(), and no later call softens it', async () => {
  const { hold, arrived } = held();
  const { server, drained, stop, over } = await drainScene(createHttpServer(hold));
  const { socket, ending } = await connect(server);
  socket.write(get('/'));
  await arrived(1);
  stop.abort();
  await refuses(server);
  void drained.stop({ grace: 50 });
  void drained.stop({ grace: 60_000 });
  void drained.stop();
  void drained.stop({ grace: undefined });
  const { forced, duration } = await over();
  assert.equal(forced, 1);
  assert.ok(duration < 2000, String(duration));
  await ending;
});

test('refuses what stop() does not know, and goes on', async () => {
  const { drained, server, end } = await drainScene(createServer());
  const stop = (options: unknown): unknown => drained.stop(options as { grace?: number });
  const wanted = 'a number of milliseconds of 0 or more, or Infinity';
  for (const [options, ErrorClass, message] of [
    [null, TypeError, '"options" must be an object, received null'],
    [5, TypeError, '"options" must be an object, received 5'],
    [{ grace: -1 }, RangeError, `"grace" must be ${wanted}, received -1`],
    [{ grace: '1' }, TypeError, `"grace" must be ${wanted}, received '1'`],
    [{ idle: 1 }, TypeError, '"options" must be an object with no other keys than grace, received'],
  ] as const) {
    assert.throws(
      () => stop(options),
      (error) =>
        error instanceof ErrorClass && error.message.startsWith(`Cannot drain: ${message}`),
    );
  }
  assert.ok(server.listening);
  await end();
});

test('stops a server that is drained through another', async () => {
  const { server, http, port: _port, stop, over } = await webSocketDrain({ mode: 'http' });
  const drained = drain(server, { signal: stop.signal });
  assert.equal(drain(http ?? assert.fail(), { signal: stop.signal }), drained);
  await drained.stop();
  await over();
});

test.run();
