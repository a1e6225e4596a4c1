import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { acceptLoop } from 'accept-loop';
import { MAX_LINE } from '../lib/bounds.ts';
import { assertConserved } from './support/conservation.ts';
import { countCloses } from './support/count-closes.ts';
import { abortListeners, listenersOn } from './support/listeners.ts';
import { connect, listening, portOf, refused } from './support/sockets.ts';
import { suite } from './support/suite.ts';
import { turns, until } from './support/turns.ts';
import { collectWarnings } from './support/warnings.ts';

const test = suite('acceptLoop');

test('yields each connection in order of arrival', async () => {
  const server = await listening(createServer());
  const loop = acceptLoop(server);
  const ports: (number | undefined)[] = [];
  for (let count = 0; count < 5; count += 1) {
    const { socket } = await connect(server);
    ports.push(socket.localPort);
    socket.resume();
  }
  for (const port of ports) {
    const { value } = await loop.next();
    assert.equal(value?.remotePort, port);
    value?.destroy();
  }
  await loop.return();
});

test('keeps what arrives between the call and the first next() (A14)', async () => {
  const server = await listening(createServer());
  const loop = acceptLoop(server);
  const { socket } = await connect(server);
  socket.end('early');
  await until(() => loop.stats.queued === 1);
  const { value } = await loop.next();
  assert.equal(String(await once(value as Socket, 'data')), 'early');
  await loop.return();
});

test('takes a server that listens later', async () => {
  const server = createServer();
  const loop = acceptLoop(server);
  await listening(server);
  const { ending } = await connect(server);
  const { value } = await loop.next();
  value?.end('hello');
  assert.equal((await ending).text, 'hello');
  await loop.return();
});

test('ends without an error when the signal aborts (A1, B1, B13)', async () => {
  const server = await listening(createServer());
  const port = portOf(server);
  const stop = new AbortController();
  const loop = acceptLoop(server, stop.signal);
  const pending = [loop.next(), loop.next(), loop.next()];
  stop.abort(new Error('not for the consumer'));
  for (const step of await Promise.all(pending)) {
    assert.deepEqual(step, { done: true, value: undefined });
  }
  assert.equal(server.listening, false);
  assert.equal(await refused(port), 'ECONNREFUSED');
});

test('ends while connections live, and leaves them alone (A5)', async () => {
  const server = await listening(createServer());
  const stop = new AbortController();
  const sockets: Socket[] = [];
  const loop = acceptLoop(server, { signal: stop.signal });
  const { ending } = await connect(server);
  for await (const connection of loop) {
    sockets.push(connection);
    stop.abort();
  }
  sockets[0]?.end('still here');
  assert.equal((await ending).text, 'still here');
});

test('yields what waits in its queue at the abort, in order, and is done then (A3)', async () => {
  const server = await listening(createServer());
  const stop = new AbortController();
  const loop = acceptLoop(server, stop.signal);
  const clients: (number | undefined)[] = [];
  for (let accepted = 1; accepted <= 3; accepted += 1) {
    clients.push((await connect(server)).socket.localPort);
    await until(() => loop.stats.queued === accepted);
  }
  stop.abort();
  const yielded: (number | undefined)[] = [];
  for await (const connection of loop) {
    yielded.push(connection.remotePort);
    connection.destroy();
  }
  assert.deepEqual(yielded, clients);
  assert.equal(loop.stats.discarded, 0);
  assertConserved(loop.stats);
});

test('yields nothing, and closes the listener once, for a signal that has aborted (A2, B2)', async () => {
  const server = await listening(createServer());
  const closes = countCloses(server);
  const loop = acceptLoop(server, AbortSignal.abort());
  assert.equal(server.listening, false);
  for await (const connection of loop) assert.fail(`yielded ${connection.remotePort}`);
  await loop.return();
  await turns(3);
  assert.equal(closes(), 1);
});

test('closes the listener and resets what waits when the body breaks (A4, B10)', async () => {
  const server = await listening(createServer());
  const loop = acceptLoop(server);
  const clients = await Promise.all(Array.from({ length: 6 }, () => connect(server)));
  await until(() => loop.stats.accepted === 6);
  for await (const connection of loop) {
    connection.destroy();
    break;
  }
  assert.equal(server.listening, false);
  assert.equal(loop.stats.discarded, 5);
  await once(server, 'close');
  const endings = await Promise.all(clients.map(({ ending }) => ending));
  assert.ok(endings.every(({ by }) => by === 'ECONNRESET' || by === 'end'));
  assert.deepEqual(await loop.next(), { done: true, value: undefined });
  assertConserved(loop.stats);
});

test('is left by a throw in the body, which comes out', async () => {
  const server = await listening(createServer());
  const loop = acceptLoop(server);
  await connect(server);
  const fault = new Error('of the body');
  const run = async (): Promise<void> => {
    for await (const connection of loop) {
      connection.destroy();
      throw fault;
    }
  };
  await assert.rejects(run, (error) => error === fault);
  assert.equal(server.listening, false);
});

test('is left by throw(), which rejects with that error (A18)', async () => {
  const server = await listening(createServer());
  const loop = acceptLoop(server);
  const pending = loop.next();
  const fault = new Error('thrown in');
  await assert.rejects(loop.throw(fault), (error) => error === fault);
  assert.deepEqual(await pending, { done: true, value: undefined });
  assert.equal(server.listening, false);
});

test('is left by disposal, before the first next()', async () => {
  const server = await listening(createServer());
  const loop = acceptLoop(server);
  const { ending } = await connect(server);
  await until(() => loop.stats.queued === 1);
  await loop[Symbol.asyncDispose]();
  assert.equal(server.listening, false);
  assert.equal(loop.stats.discarded, 1);
  await ending;
});

test('may be left twice, in any order, also after an abort (B4, B6)', async () => {
  for (const order of ['rad', 'rda', 'ard', 'adr', 'dra', 'dar', 'rr', 'aa', 'dd']) {
    const server = await listening(createServer());
    const stop = new AbortController();
    const loop = acceptLoop(server, stop.signal);
    const closed = once(server, 'close');
    for (const step of order) {
      if (step === 'a') stop.abort();
      if (step === 'r') await loop.return();
      if (step === 'd') await loop[Symbol.asyncDispose]();
    }
    assert.deepEqual(await loop.next(), { done: true, value: undefined }, order);
    assert.equal(server.listening, false, order);
    await closed;
  }
});

test('lets the port be bound again right after its end (A25, B7)', async () => {
  const first = await listening(createServer());
  const port = portOf(first);
  for (let cycle = 0; cycle < 10; cycle += 1) {
    const server = cycle === 0 ? first : createServer().listen(port, '127.0.0.1');
    if (!server.listening) await once(server, 'listening');
    const stop = new AbortController();
    const loop = acceptLoop(server, stop.signal);
    stop.abort();
    assert.equal((await loop.next()).done, true);
  }
});

test('leaves no listener on server or signal, on every way out (A15)', async () => {
  const stop = new AbortController();
  const ways = {
    abort: (): void => stop.abort(),
    leave: async (loop: AsyncIterator<unknown>): Promise<unknown> => loop.return?.(),
    close: (_: unknown, server: { close(): unknown }): unknown => server.close(),
  };
  for (const way of [ways.leave, ways.close, ways.abort]) {
    const server = await listening(createServer());
    const before = listenersOn(server);
    const loop = acceptLoop(server, stop.signal);
    await way(loop, server);
    assert.equal((await loop.next()).done, true);
    assert.deepEqual(listenersOn(server), before);
    assert.equal(abortListeners(stop.signal), 0);
  }
});

test('leaves the guard on a socket and nothing else', async () => {
  const server = createServer();
  const seen: Record<string, number>[] = [];
  server.prependListener('connection', (socket) => seen.push(listenersOn(socket)));
  await listening(server);
  const loop = acceptLoop(server);
  const { ending } = await connect(server);
  const { value } = await loop.next();
  const [{ error = 0, ...others } = {}] = seen;
  assert.deepEqual(listenersOn(value as Socket), { ...others, error: error + 1 });
  value?.end();
  await loop.return();
  await ending;
});

test('puts one listener on a signal, however many loops wait for it, and none after 2000 (A15)', async () => {
  const { warnings, stopCollecting } = collectWarnings();
  const { signal } = new AbortController();
  const servers = Array.from({ length: 20 }, () => createServer());
  for (let round = 0; round < 100; round += 1) {
    const loops = servers.map((server) => acceptLoop(server, { signal }));
    assert.equal(abortListeners(signal), 1);
    await Promise.all(loops.map((loop) => loop.return()));
  }
  assert.equal(abortListeners(signal), 0);
  await turns(2);
  stopCollecting();
  assert.deepEqual(warnings, []);
});

test('is shared by several consumers, each connection going to one (A1)', async () => {
  const server = await listening(createServer());
  const stop = new AbortController();
  const loop = acceptLoop(server, stop.signal);
  const taken: Socket[] = [];
  const worker = async (): Promise<void> => {
    for await (const connection of loop) {
      taken.push(connection);
      await turns(1);
    }
  };
  const workers = [worker(), worker(), worker()];
  const clients = await Promise.all(Array.from({ length: 30 }, () => connect(server)));
  await until(() => loop.stats.accepted === 30);
  stop.abort();
  await Promise.all(workers);
  assert.equal(new Set(taken).size, 30);
  for (const connection of taken) connection.destroy();
  for (const { ending } of clients) await ending;
});

test('serves consumers that wait in order, however many they are', async () => {
  const emitter = new EventEmitter();
  const loop = acceptLoop<[number]>(emitter, { event: 'job' });
  const count = 2 * MAX_LINE + 10;
  const numbers = Array.from({ length: count }, (_, index) => index);
  const first = numbers.map(() => loop.next());
  for (const number of numbers) emitter.emit('job', number);
  assert.deepEqual(
    (await Promise.all(first)).map(({ value }) => value?.[0]),
    numbers,
  );
  // As many again, of which some get nothing.
  const rest = numbers.map(() => loop.next());
  for (const number of numbers.slice(0, MAX_LINE)) emitter.emit('job', number);
  await turns(1);
  await loop.return();
  const ends = await Promise.all([...rest, loop.next()]);
  assert.deepEqual(
    ends.map(({ value }) => value?.[0]),
    [...numbers.slice(0, MAX_LINE), ...numbers.slice(MAX_LINE).map(() => undefined), undefined],
  );
  assert.ok(ends.slice(MAX_LINE).every(({ done }) => done));
  assertConserved(loop.stats);
});

test('throws for a server that has a live loop, and takes it again after (A19)', async () => {
  const server = await listening(createServer());
  const loop = acceptLoop(server);
  const before = listenersOn(server);
  assert.throws(() => acceptLoop(server), /has a live acceptLoop/);
  assert.deepEqual(listenersOn(server), before);
  await loop.return();
  await acceptLoop(server).return();
});

test("leaves the server's other listeners in place (A17)", async () => {
  const seen: Socket[] = [];
  const server = createServer((socket) => void seen.push(socket));
  await listening(server);
  const loop = acceptLoop(server);
  const { ending } = await connect(server);
  const { value } = await loop.next();
  assert.deepEqual(seen, [value]);
  await loop.return();
  assert.equal(server.listenerCount('connection'), 1);
  value?.destroy();
  await ending;
});

test('goes on when a listener beside it rejects on a server with captureRejections (A17)', async () => {
  EventEmitter.captureRejections = true;
  const server = createServer();
  EventEmitter.captureRejections = false;
  const faults: unknown[] = [];
  // oxlint-disable-next-line typescript/no-misused-promises -- a rejection is what this is about
  server.once('connection', async (socket) => {
    socket.once('error', (error) => faults.push(error));
    throw new Error('of another listener');
  });
  await listening(server);
  const loop = acceptLoop(server);
  const first = await connect(server);
  await until(() => faults.length === 1);
  await first.ending;
  const { ending } = await connect(server);
  let value = (await loop.next()).value;
  if (value?.destroyed) value = (await loop.next()).value;
  value?.end('goes on');
  assert.equal((await ending).text, 'goes on');
  await loop.return();
});

test.run();
