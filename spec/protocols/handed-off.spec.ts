import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { drain, serve } from 'accept-loop';
import { inTime } from '../support/in-time.ts';
import { abortListeners, listenersOn } from '../support/listeners.ts';
import { connectionsOf, gate } from '../support/scene.ts';
import { assertCounts } from '../support/serve-counts.ts';
import { type Client, follow } from '../support/sockets.ts';
import { spawnScript } from '../support/spawn-script.ts';
import { limits } from '../support/limits.ts';
import { suite } from '../support/suite.ts';
import { turns, until } from '../support/turns.ts';

const test = suite('a socket that was sent to another process');

const COUNT = 5;

/** It has had so many sockets. */
let arrived = 0;
let child: ChildProcess;

test.before(async () => {
  child = spawnScript('spec/fixtures/ending-child.ts', {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  await once(child, 'message');
  child.on('message', () => (arrived += 1));
});
test.after(async () => {
  const exited = once(child, 'exit');
  child.disconnect();
  await exited;
});

const send = (socket: Socket): void => void child.send('socket', socket);

let hosts = 0;

/** Node tells the servers of a child by the address that each asked for: each has its own. */
async function listening(): Promise<Server> {
  hosts += 1;
  const server = createServer({ pauseOnConnect: true });
  server.listen(0, `127.0.0.${hosts + 1}`);
  await once(server, 'listening');
  return server;
}

/** Clients whose sockets the child has. */
async function visit(server: Server, count: number): Promise<Client[]> {
  const before = arrived;
  const { address: host, port } = server.address() as AddressInfo;
  const clients = Array.from({ length: count }, () => {
    const socket = connect({ host, port });
    return { socket, ending: follow(socket) };
  });
  await until(() => arrived === before + count);
  return clients;
}

/** Has the child end them. */
async function leave(clients: readonly Client[]): Promise<void> {
  for (const { socket } of clients) socket.write('bye');
  for (const { ending } of clients) assert.equal((await ending).text, 'ended by the child');
}

test('is not waited for by drain when its client has gone', async () => {
  const server = await listening();
  server.on('connection', send);
  const before = listenersOn(server);
  const closed = once(server, 'close');
  const stop = new AbortController();
  const drained = drain(server, { signal: stop.signal, grace: 5000 });
  await leave(await visit(server, COUNT));
  stop.abort();
  const { forced, stragglers } = await inTime(1000, drained);
  assert.deepEqual({ forced, stragglers }, { forced: 0, stragglers: [] });
  await closed;
  assert.deepEqual(listenersOn(server), before);
  assert.equal(abortListeners(stop.signal), 0);
});

test(
  'is waited for by drain until grace while its client is there, and left alone',
  async () => {
    const server = await listening();
    const closed = once(server, 'close');
    const stop = new AbortController();
    server.on('connection', send);
    const drained = drain(server, { signal: stop.signal, grace: 300 });
    const [stays, ...others] = await visit(server, COUNT);
    await leave(others);
    // The child closes them a moment later.
    while ((await connectionsOf(server)) > 1) await turns(1);
    stop.abort();
    const { forced, stragglers, duration } = await inTime(300, drained);
    assert.ok(duration >= 299, String(duration));
    assert.deepEqual(
      stragglers.map(({ kind, remotePort }) => [kind, remotePort]),
      [['connection', undefined]],
    );
    assert.equal(forced, 1);
    await leave([stays ?? assert.fail()]);
    await closed;
  },
  { cannot: limits.countsHandedOff },
);

for (const grace of [0, 300]) {
  test(
    `is counted once by a drain that was called after it was sent, with grace ${grace}`,
    async () => {
      const server = await listening();
      server.on('connection', send);
      const clients = await visit(server, COUNT);
      const closed = once(server, 'close');
      const { forced, stragglers } = await inTime(2000, drain(server, { grace }));
      assert.deepEqual([forced, stragglers.length], [COUNT, COUNT]);
      await leave(clients);
      await closed;
    },
    { cannot: limits.countsHandedOff },
  );
}

for (const { title, isThere } of [
  { title: 'is not waited for by serve when its client has gone', isThere: false },
  { title: 'has left its slot, and serve, while its client is still there', isThere: true },
]) {
  test(title, async () => {
    const server = await listening();
    const before = listenersOn(server);
    const closed = once(server, 'close');
    const stop = new AbortController();
    const options = { signal: stop.signal, grace: 5000, concurrency: 1 };
    const { finished, stats } = serve(server, send, options);
    // Each waits for the slot of the one before.
    const clients = await inTime(4000, visit(server, COUNT));
    if (!isThere) await leave(clients);
    stop.abort();
    const report = await inTime(1000, finished);
    assertCounts(report, { accepted: COUNT, completed: COUNT });
    assert.deepEqual(report.stragglers, []);
    assert.equal(stats.active, 0);
    if (isThere) await leave(clients);
    await closed;
    await turns(2);
    assert.deepEqual(listenersOn(server), before);
    assert.equal(abortListeners(stop.signal), 0);
  });
}

test(
  'has not gone for a handler that goes on',
  async () => {
    const server = await listening();
    const opened = gate();
    const signals: AbortSignal[] = [];
    const serving = serve(server, async (socket, { signal }) => {
      signals.push(signal);
      send(socket);
      await opened.opened;
    });
    const clients = await visit(server, COUNT);
    // Looks for what has gone, at once.
    const finished = serving.stop({ grace: 5000 });
    await turns(2);
    assert.deepEqual(
      signals.map(({ aborted }) => aborted),
      Array.from({ length: COUNT }, () => false),
    );
    opened.open();
    assertCounts(await finished, { accepted: COUNT, completed: COUNT });
    await leave(clients);
  },
  // There it is as one that has closed.
  { cannot: limits.countsHandedOff },
);

test.run();
