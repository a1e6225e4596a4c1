import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { finished } from 'node:stream/promises';
import { type AcceptLoop, acceptLoop } from 'accept-loop';
import { burstClient } from '../support/burst-client.ts';
import { assertConserved } from '../support/conservation.ts';
import { limits } from '../support/limits.ts';
import { listenersOn } from '../support/listeners.ts';
import { type Client, connect, listening, portOf } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { turns, until } from '../support/turns.ts';

const test = suite('the queue');

async function connectMany(server: Server, count: number): Promise<Client[]> {
  const clients: Client[] = [];
  for (let index = 0; index < count; index += 1) clients.push(await connect(server));
  return clients;
}

async function leave(loop: AcceptLoop<Socket>, clients: Client[]): Promise<void> {
  await loop.return();
  for (const { socket, ending } of clients) {
    socket.destroy();
    await ending;
  }
  assertConserved(loop.stats);
}

test('survives a client that resets while it waits, and skips it (A7, A8)', async () => {
  const server = await listening(createServer());
  const loop = acceptLoop(server);
  const clients = await connectMany(server, 3);
  await until(() => loop.stats.queued === 3);
  clients[0]?.socket.resetAndDestroy();
  await until(() => loop.stats.lost === 1);
  assert.deepEqual(
    { queued: loop.stats.queued, yielded: loop.stats.yielded },
    { queued: 2, yielded: 0 },
  );
  const { value } = await loop.next();
  assert.equal(value?.remotePort, clients[1]?.socket.localPort);
  value?.destroy();
  await leave(loop, clients);
});

test(
  'shows the error of a client that resets after the hand-over',
  async () => {
    const server = await listening(createServer());
    const loop = acceptLoop(server);
    const { socket } = await connect(server);
    const { value } = await loop.next();
    const rejected = assert.rejects(finished(value as Socket), { code: 'ECONNRESET' });
    socket.resetAndDestroy();
    await rejected;
    await loop.return();
  },
  { cannot: limits.resetVisible },
);

test('crashes nobody when the consumer does not listen to errors (A7)', async () => {
  const server = await listening(createServer());
  const loop = acceptLoop(server);
  const { socket } = await connect(server);
  const { value } = await loop.next();
  const closed = new Promise((resolve) => value?.on('close', resolve));
  value?.resume();
  socket.resetAndDestroy();
  await closed;
  await loop.return();
});

test('keeps a client that has half-closed with something to say', async () => {
  const server = await listening(createServer({ allowHalfOpen: true }));
  const loop = acceptLoop(server);
  const { socket, ending } = await connect(server);
  socket.end('last words');
  await turns(10);
  const { value } = await loop.next();
  let text = '';
  for await (const chunk of (value as Socket).iterator({ destroyOnReturn: false })) text += chunk;
  value?.end(`heard ${text}`);
  assert.equal((await ending).text, 'heard last words');
  await loop.return();
});

test('skips what somebody else has destroyed, before it came or while it waits (A8)', async () => {
  const server = createServer();
  const sockets: Socket[] = [];
  server.on('connection', (socket) => {
    sockets.push(socket);
    if (sockets.length === 1) socket.destroy();
  });
  await listening(server);
  const loop = acceptLoop(server);
  const clients = await connectMany(server, 3);
  await until(() => sockets.length === 3);
  assert.equal(loop.stats.lost, 1);
  // Its 'close' comes in the next tick, after the consumer has been served.
  sockets[1]?.destroy();
  assert.equal((await loop.next()).value, sockets[2]);
  assert.equal(loop.stats.lost, 2);
  sockets[2]?.destroy();
  await leave(loop, clients);
});

test('conserves when the loop is left by an earlier listener of the very close', async () => {
  const server = createServer();
  const loops: AcceptLoop<Socket>[] = [];
  server.on('connection', (socket) => socket.on('close', () => void loops[0]?.return()));
  await listening(server);
  const loop = acceptLoop(server);
  loops.push(loop);
  const { socket, ending } = await connect(server);
  await until(() => loop.stats.queued === 1);
  socket.resetAndDestroy();
  await until(() => loop.stats.queued === 0);
  await ending;
  assert.equal((await loop.next()).done, true);
  assertConserved(loop.stats);
});

test('is bounded: the newcomer is reset when it is full (A11, A12)', async () => {
  const server = await listening(createServer());
  const loop = acceptLoop(server, { maxQueued: 3 });
  const clients = await connectMany(server, 5);
  await until(() => loop.stats.accepted === 5);
  assert.deepEqual(loop.stats, {
    accepted: 5,
    yielded: 0,
    queued: 3,
    shed: 2,
    lost: 0,
    discarded: 0,
  });
  for (const { ending } of clients.slice(3)) {
    assert.ok(['ECONNRESET', 'end'].includes((await ending).by));
  }
  const { value } = await loop.next();
  assert.equal(value?.remotePort, clients[0]?.socket.localPort);
  value?.destroy();
  await leave(loop, clients);
});

test('stays within its limit when a thousand come and nobody takes (A12)', async () => {
  const server = await listening(createServer());
  const loop = acceptLoop(server, { maxQueued: 50 });
  let most = 0;
  server.on('connection', () => (most = Math.max(most, loop.stats.queued)));
  const client = await burstClient();
  const outcomes = client.burst(portOf(server), 1000);
  await until(() => loop.stats.accepted === 1000);
  assert.equal(most, 50);
  assert.equal(loop.stats.shed, 950);
  await loop.return();
  const { served, hung } = await outcomes;
  assert.deepEqual({ served, hung }, { served: 0, hung: 0 });
  await client.stop();
});

test('of 0 sheds nobody for whom a consumer waits', async () => {
  const server = await listening(createServer());
  const loop = acceptLoop(server, { maxQueued: 0 });
  const pending = loop.next();
  const [first, second] = [await connect(server), await connect(server)];
  const { value } = await pending;
  assert.equal(value?.remotePort, first.socket.localPort);
  await until(() => loop.stats.shed === 1);
  value?.destroy();
  await leave(loop, [first, second]);
});

test('has room again when one that waits has gone', async () => {
  const server = await listening(createServer());
  const loop = acceptLoop(server, { maxQueued: 1 });
  const clients: Client[] = [];
  for (let round = 1; round <= 5; round += 1) {
    const client = await connect(server);
    clients.push(client);
    await until(() => loop.stats.queued === 1);
    if (round < 5) client.socket.resetAndDestroy();
    await until(() => loop.stats.lost === Math.min(round, 4));
  }
  const { value } = await loop.next();
  assert.equal(value?.remotePort, clients.at(-1)?.socket.localPort);
  assert.equal(loop.stats.shed, 0);
  value?.destroy();
  await leave(loop, clients);
});

test('leaves a socket as Node made it: on("data") starts it', async () => {
  const server = await listening(createServer());
  const loop = acceptLoop(server);
  const { socket } = await connect(server);
  socket.write('hello');
  await turns(10);
  const { value } = await loop.next();
  const [chunk] = await once(value as Socket, 'data');
  assert.equal(String(chunk), 'hello');
  value?.destroy();
  await leave(loop, []);
});

test('discards what an earlier listener of the same event leaves the loop for (A16, B8)', async () => {
  const server = createServer();
  const loops: AcceptLoop<Socket>[] = [];
  server.on('connection', () => void loops[0]?.return());
  await listening(server);
  const loop = acceptLoop(server);
  loops.push(loop);
  const pending = loop.next();
  const { ending } = await connect(server);
  assert.equal((await pending).done, true);
  await ending;
  assert.deepEqual(loop.stats, {
    accepted: 1,
    yielded: 0,
    queued: 0,
    shed: 0,
    lost: 0,
    discarded: 1,
  });
});

test('yields what comes in the same turn as the abort (A52, B8)', async () => {
  const server = createServer();
  const stop = new AbortController();
  server.on('connection', () => stop.abort());
  await listening(server);
  const loop = acceptLoop(server, stop.signal);
  const { ending } = await connect(server);
  const { value } = await loop.next();
  value?.end('yielded');
  assert.equal((await ending).text, 'yielded');
  assert.equal((await loop.next()).done, true);
  assertConserved(loop.stats);
});

test('conserves connections at every instant (B9)', async () => {
  const server = await listening(createServer());
  const stop = new AbortController();
  const loop = acceptLoop(server, { signal: stop.signal, maxQueued: 8 });
  // Events of the server and of its sockets come in the middle of everything.
  server.prependListener('connection', (socket) => {
    assertConserved(loop.stats);
    socket.on('newListener', () => assertConserved(loop.stats));
    socket.on('removeListener', () => assertConserved(loop.stats));
    socket.on('close', () => assertConserved(loop.stats));
  });
  const clients = await connectMany(server, 12);
  for (const { socket } of clients.slice(0, 4)) socket.resetAndDestroy();
  await until(() => loop.stats.accepted === 12 && loop.stats.lost >= 4);
  assertConserved(loop.stats);
  for (let taken = 0; taken < 2; taken += 1) {
    (await loop.next()).value?.destroy();
    assertConserved(loop.stats);
  }
  stop.abort();
  await leave(loop, clients);
});

test('adds nothing but the guard to the sockets that it hands out or sheds', async () => {
  const server = createServer();
  const before = new Map<Socket, Record<string, number>>();
  server.prependListener('connection', (socket) => before.set(socket, listenersOn(socket)));
  await listening(server);
  const loop = acceptLoop(server, { maxQueued: 1 });
  const clients = await connectMany(server, 1);
  await until(() => loop.stats.queued === 1);
  const { value } = await loop.next();
  const { error = 0, ...others } = before.get(value as Socket) ?? {};
  assert.deepEqual(listenersOn(value as Socket), { ...others, error: error + 1 });
  value?.destroy();
  await leave(loop, clients);
});

test.run();
