import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { EventEmitter, once } from 'node:events';
import { createServer as createHttp, type IncomingMessage } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import { createServer, Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { acceptLoop } from 'accept-loop';
import { assertConserved } from '../support/conservation.ts';
import { listenersOn } from '../support/listeners.ts';
import { connect, listening } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { turns, until } from '../support/turns.ts';
import { collectWarnings } from '../support/warnings.ts';

const test = suite('the option "event"');

test('makes tuples of any emitter', async () => {
  const emitter = new EventEmitter();
  const loop = acceptLoop<[name: string, count: number]>(emitter, { event: 'job' });
  emitter.emit('job', 'one', 1);
  emitter.emit('job', 'two', 2);
  assert.deepEqual((await loop.next()).value, ['one', 1]);
  assert.deepEqual((await loop.next()).value, ['two', 2]);
  await loop.return();
  assert.deepEqual(listenersOn(emitter), {});
});

test('closes the emitter, if it can be closed, once', async () => {
  let closes = 0;
  const emitter = Object.assign(new EventEmitter(), { close: () => (closes += 1) });
  const stop = new AbortController();
  const loop = acceptLoop(emitter, { event: 'job', signal: stop.signal });
  stop.abort();
  assert.equal((await loop.next()).done, true);
  await loop.return();
  assert.equal(closes, 1);
  assert.deepEqual(listenersOn(emitter), {});
});

test("ends with the emitter's 'close', without closing it again", async () => {
  let closes = 0;
  const emitter = Object.assign(new EventEmitter(), { close: () => (closes += 1) });
  const loop = acceptLoop(emitter, { event: 'job' });
  const pending = loop.next();
  emitter.emit('close');
  assert.equal((await pending).done, true);
  assert.equal(closes, 0);
});

test('guards what can be ended among the arguments, and ends it when nobody will serve it', async () => {
  const emitter = new EventEmitter();
  const loop = acceptLoop(emitter, { event: 'session', maxQueued: 4 });
  const socket = new Socket();
  const terminated = Object.assign(new EventEmitter(), { ended: 0 });
  const webSocket = Object.assign(terminated, { terminate: () => (terminated.ended += 1) });
  const lost = new Socket();
  emitter.emit('session', { plain: true }, socket);
  emitter.emit('session', webSocket);
  emitter.emit('session', 'nothing to end');
  emitter.emit('session', lost);
  lost.destroy(new Error('of its own'));
  await until(() => loop.stats.lost === 1);
  await loop.return();
  // In slices, if that takes long.
  await until(() => terminated.ended === 1);
  assert.equal(socket.destroyed, true);
  assert.equal(loop.stats.discarded, 3);
  assertConserved(loop.stats);
});

for (const { method, ends } of [
  { method: 'end', ends: ['close'] },
  { method: 'disconnect', ends: ['close', 'disconnect'] },
]) {
  test(`puts few listeners on what many events bring (${method})`, async () => {
    const { warnings, stopCollecting } = collectWarnings();
    const emitter = new EventEmitter();
    const client = Object.assign(new EventEmitter(), { [method]: () => {} });
    const say = (from: number): void => {
      for (let count = from; count < from + 20; count += 1) emitter.emit('message', client, count);
    };
    const each = Object.fromEntries(ends.map((name) => [name, 1]));
    const loop = acceptLoop<[client: EventEmitter, count: number]>(emitter, { event: 'message' });
    say(0);
    assert.deepEqual(listenersOn(client), { error: 1, ...each });
    const counts: number[] = [];
    for await (const [, count] of loop) {
      if (counts.push(count) === 20) say(20);
      if (counts.length === 40) break;
    }
    assert.deepEqual(
      counts,
      Array.from({ length: 40 }, (_, index) => index),
    );
    // The guard stays.
    assert.deepEqual(listenersOn(client), { error: 1 });
    await turns(1);
    stopCollecting();
    assert.deepEqual(warnings, []);
  });

  test(`forgets all that waits of a client that has gone (${method})`, async () => {
    const emitter = new EventEmitter();
    const [client, other] = ['one', 'other'].map((name) =>
      Object.assign(new EventEmitter(), { name, [method]: () => {} }),
    );
    const loop = acceptLoop<[client: { name: string }]>(emitter, { event: 'message' });
    for (let count = 0; count < 20; count += 1) emitter.emit('message', client);
    emitter.emit('message', other);
    client?.emit(ends.at(-1) ?? 'close');
    assert.deepEqual(listenersOn(client ?? assert.fail()), { error: 1 });
    assert.equal(loop.stats.lost, 20);
    assert.equal((await loop.next()).value?.[0].name, 'other');
    await loop.return();
    assertConserved(loop.stats);
  });
}

test('forgives an emitter whose close() throws, as node:dgram does when it is closed', async () => {
  const socket = createSocket('udp4');
  const before = listenersOn(socket);
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const loop = acceptLoop<[Buffer]>(socket, { event: 'message' });
  socket.send('datagram', socket.address().port, '127.0.0.1');
  for await (const [message] of loop) {
    assert.equal(message.toString(), 'datagram');
    socket.close();
    break;
  }
  assert.deepEqual(listenersOn(socket), before);
  const again = acceptLoop(socket, { event: 'message', signal: AbortSignal.abort() });
  assert.equal((await again.next()).done, true);
  assert.deepEqual(listenersOn(socket), before);
});

test('closes an emitter whose error ends the loop', async () => {
  let closes = 0;
  const emitter = Object.assign(new EventEmitter(), { close: () => (closes += 1) });
  const loop = acceptLoop(emitter, { event: 'job' });
  const pending = loop.next();
  const fault = new Error('broken');
  emitter.emit('error', fault);
  await assert.rejects(pending, (error) => error === fault);
  assert.equal(closes, 1);
});

test('ends what can only be destroyed', async () => {
  const emitter = new EventEmitter();
  const loop = acceptLoop(emitter, { event: 'stream' });
  const stream = new PassThrough();
  emitter.emit('stream', stream, { ':path': '/' });
  await loop.return();
  assert.equal(stream.destroyed, true);
});

test('takes the default event of a server as a tuple', async () => {
  const server = await listening(createServer());
  const loop = acceptLoop<[Socket]>(server, { event: 'connection' });
  const { ending } = await connect(server);
  const { value } = await loop.next();
  value?.[0].end('tuple');
  assert.equal((await ending).text, 'tuple');
  await loop.return();
});

test('takes the upgrades of an HTTP server', async () => {
  const server = await listening(createHttp());
  const loop = acceptLoop<[IncomingMessage, Socket, Buffer]>(server, { event: 'upgrade' });
  const { socket, ending } = await connect(server);
  socket.write('GET /up HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
  const { value } = await loop.next();
  assert.equal(value?.[0].url, '/up');
  value?.[1].end('HTTP/1.1 101 Switching Protocols\r\n\r\nbye');
  assert.match((await ending).text, /bye$/);
  await loop.return();
});

for (const [methods, ended] of [
  [['destroy', 'resetAndDestroy'], 1],
  [['end', 'terminate', 'disconnect'], 1],
  [['end', 'disconnect'], 1],
  [['destroy', 'destroy'], 0],
] as const) {
  test(`ends the best of ${methods.join(', ')}, of several arguments`, async () => {
    const hub = new EventEmitter();
    const loop = acceptLoop(hub, { event: 'session' });
    const calls: number[] = [];
    const things = methods.map((method, index) =>
      Object.assign(new EventEmitter(), { [method]: () => calls.push(index) }),
    );
    hub.emit('session', ...things);
    await loop.return();
    assert.deepEqual(calls, [ended]);
    assert.deepEqual(
      things.map((thing) => thing.listenerCount('error')),
      methods.map((_, index) => Number(index === ended)),
    );
  });
}

test('is refused when a known server has no such connections', () => {
  for (const [server, known] of [
    [createServer(), "'connection' for the net server"],
    [createHttp(), "'request', 'connect', 'upgrade' for the http server"],
    [createHttp2(), "'request', 'stream', 'session', 'connect' for the http2 server"],
  ] as const) {
    const before = listenersOn(server);
    assert.throws(() => acceptLoop(server, { event: 'toString' }), {
      name: 'RangeError',
      message: `Cannot accept connections: "event" must be one of ${known}, received 'toString'`,
    });
    assert.deepEqual(listenersOn(server), before);
  }
});

test.run();
