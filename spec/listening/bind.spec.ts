import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttp } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acceptLoop } from '../../lib/accept-loop.ts';
import { listen } from '../../lib/listen.ts';
import { abortListeners, listenersOn } from '../support/listeners.ts';
import { killPrograms, watch } from '../support/programs.ts';
import { connect, listening, portOf } from '../support/sockets.ts';
import { spawnScript } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';
import { turns } from '../support/turns.ts';

const test = suite('the bind', { timeout: 30_000 });

let folder: string;
let taken: Server;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'accept-loop-'));
  taken = await listening(createServer());
});
test.after(async () => {
  taken.close();
  await rm(folder, { recursive: true });
});
test.after.each(killPrograms);

const nextTick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));
const moments: [string, () => unknown][] = [
  ['in the same tick', () => {}],
  ['a microtask later', () => Promise.resolve()],
  ['a tick later', nextTick],
];
const kinds: [string, () => Server][] = [
  ['net', () => createServer()],
  ['http', () => createHttp()],
];

/** Places that are free, with and without a lookup, and taken ones. */
function places(): [string, object][] {
  return [
    ['a port', { port: 0 }],
    ['an address', { port: 0, host: '127.0.0.1' }],
    ['a name', { port: 0, host: 'localhost' }],
    ['a path', { path: join(folder, 'called-off.sock') }],
    ['a taken port', { port: portOf(taken), host: '127.0.0.1' }],
    ['a taken port by name', { port: portOf(taken), host: 'localhost' }],
    ['an address of nobody', { port: 0, host: '192.0.2.1' }],
  ];
}

for (const [kind, create] of kinds) {
  for (const [moment, wait] of moments) {
    test(`of a ${kind} server is called off by an abort ${moment} (A21)`, async () => {
      for (const [place, where] of places()) {
        const server = create();
        const before = listenersOn(server);
        const stop = new AbortController();
        const reason = { place };
        const outcome = listen(server, where, { signal: stop.signal }).catch(
          (error: unknown) => error,
        );
        await wait();
        stop.abort(reason);
        const error = await outcome;
        // A tick later it may have failed, or be done.
        const isCalledOff = error === reason;
        assert.ok(isCalledOff || moment === 'a tick later', `${place}: ${String(error)}`);
        assert.equal(server.listening, error === server, place);
        assert.deepEqual(listenersOn(server), before, place);
        assert.equal(abortListeners(stop.signal), 0, place);
        await turns(5);
        assert.equal(server.listening, error === server, `${place}, later`);
        if (server.listening) server.close();
        assert.equal(existsSync(join(folder, 'called-off.sock')), false);
      }
    });
  }
}

test('is not begun with a signal that has aborted already', async () => {
  for (const [, create] of kinds) {
    const server = create();
    const before = listenersOn(server);
    server.listen = (): Server => assert.fail('told to listen');
    const reason = { stopped: true };
    const signal = AbortSignal.abort(reason);
    await assert.rejects(listen(server, 0, { signal }), (error) => error === reason);
    assert.deepEqual(listenersOn(server), before);
    assert.equal(abortListeners(signal), 0);
  }
});

test('is called off with whatever the reason is', async () => {
  for (const reason of [
    null,
    0,
    '',
    'stopped',
    Object.assign(new Error(), { code: 'EADDRINUSE' }),
  ]) {
    const stop = new AbortController();
    const call = listen(createServer(), join(folder, 'reason.sock'), stop);
    stop.abort(reason);
    await assert.rejects(call, (error) => error === reason);
  }
});

test('may be begun again at once after it was called off', async () => {
  for (const [place, where] of places().slice(0, 4)) {
    const server = createServer();
    const stop = new AbortController();
    const first = listen(server, where, stop);
    stop.abort();
    await assert.rejects(first, { name: 'AbortError' });
    await listen(server, where);
    assert.equal(server.listening, true, place);
    const ended = once(server, 'close');
    server.close();
    await ended;
  }
});

test('does not wait for old connections when it is called off', async () => {
  const server = await listening(createServer());
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const { socket, ending } = await connect(server);
  const [old] = await accepted;
  const before = listenersOn(server);
  server.close();
  const stop = new AbortController();
  const call = listen(server, { port: 0, host: 'localhost' }, stop);
  stop.abort('stopped');
  await assert.rejects(call, (error) => error === 'stopped');
  assert.equal(old.destroyed, false);
  assert.equal(server.listening, false);
  assert.deepEqual(listenersOn(server), before);
  const ended = once(server, 'close');
  old.destroy();
  socket.destroy();
  await Promise.all([ending, ended]);
});

test('does not hang when somebody closes the server before it is done (A21)', async () => {
  for (const [, create] of kinds) {
    for (const [place, where] of places().slice(0, 4)) {
      const server = create();
      const before = listenersOn(server);
      const stop = new AbortController();
      const call = listen(server, where, stop);
      server.close();
      await assert.rejects(
        call,
        { message: 'Cannot listen: the server was closed before it was bound' },
        place,
      );
      await turns(5);
      assert.equal(server.listening, false, place);
      assert.deepEqual(listenersOn(server), before, place);
      assert.equal(abortListeners(stop.signal), 0);
    }
  }
});

test('rejects when a listener for listening closes the server', async () => {
  const server = createServer();
  server.once('listening', () => server.close());
  await assert.rejects(
    listen(server, { port: 0, host: '127.0.0.1' }),
    /closed before it was bound/,
  );
  assert.equal(server.listening, false);
});

test('is that of any server that has on(), off(), listen() and close()', async () => {
  const inner = createServer();
  const server = Object.defineProperty(
    {
      on: (event: string, listener: () => void) => void inner.on(event, listener),
      off: (event: string, listener: () => void) => void inner.off(event, listener),
      listen: (where: object) => void inner.listen(where),
      close: () => void inner.close(),
    },
    'listening',
    { get: () => inner.listening },
  );
  await listen(server as unknown as Server, { port: 0, host: '127.0.0.1' });
  assert.equal(inner.listening, true);
  const ended = once(inner, 'close');
  inner.close();
  await ended;
});

test('settles though listeners of the server throw, in a process that catches what is thrown', async () => {
  const { ending } = watch(spawnScript('spec/fixtures/throwing-listeners.ts'));
  const { code, stdout, stderr } = await ending;
  assert.deepEqual([code, stderr], [0, '']);
  const lines = stdout.trim().split('\n').toSorted();
  assert.deepEqual(lines, ['EADDRINUSE', 'listens', 'thrown at error', 'thrown at listening']);
});

test('rejects with the reason when a loop closes the server for the same signal', async () => {
  for (const order of ['loop first', 'listen first']) {
    const server = createServer();
    const stop = new AbortController();
    const early = order === 'loop first' ? acceptLoop(server, stop) : undefined;
    const call = listen(server, { port: 0, host: 'localhost' }, stop);
    const loop = early ?? acceptLoop(server, stop);
    stop.abort('stopped');
    await assert.rejects(call, (error) => error === 'stopped', order);
    assert.equal((await loop.next()).done, true);
    await turns(5);
    assert.equal(server.listening, false);
  }
});

test('is not taken for closed by the close() before it (A22, B7)', async () => {
  for (const [kind, create] of kinds) {
    for (const [place, where] of places().slice(0, 4)) {
      const server = await listen(create(), where);
      for (let round = 0; round < 3; round += 1) {
        server.close();
        await listen(server, where);
        assert.equal(server.listening, true, `${kind}, ${place}`);
        await turns(5);
        assert.equal(server.listening, true, `${kind}, ${place}, later`);
      }
      const ended = once(server, 'close');
      server.close();
      await ended;
    }
  }
});

test('leaves the port free for the next server when it is called off (A25)', async () => {
  const free = await listening(createServer());
  const where = { port: portOf(free), host: '127.0.0.1' };
  const ended = once(free, 'close');
  free.close();
  await ended;
  const stop = new AbortController();
  const call = listen(createServer(), where, stop);
  stop.abort();
  await assert.rejects(call, { name: 'AbortError' });
  const server = await listen(createServer(), where);
  server.close();
});

const rejections: Record<string, (begin: () => unknown) => Promise<never>> = {
  'at once': () => Promise.reject(new Error('the owner refuses')),
  async later() {
    await turns(3);
    throw new Error('the owner refuses');
  },
  'although it begins to listen'(begin) {
    begin();
    return Promise.reject(new Error('the owner refuses'));
  },
};
for (const [when, rejects] of Object.entries(rejections)) {
  test(`rejects when an async listen() of the owner rejects ${when}`, async () => {
    const server = createServer();
    const before = listenersOn(server);
    const begin = server.listen.bind(server) as (port: number) => unknown;
    Object.assign(server, { listen: () => rejects(() => begin(0)) });
    const stop = new AbortController();
    await assert.rejects(listen(server, 0, stop), { message: 'the owner refuses' });
    await turns(5);
    assert.equal(server.listening, false);
    assert.deepEqual(listenersOn(server), before);
    assert.equal(abortListeners(stop.signal), 0);
  });
}

test('of one server that fails lets an abort call off the others (B46)', async () => {
  const stop = new AbortController();
  const [one, other] = [createServer(), createServer()];
  const pending = listen(one, { port: 0, host: 'localhost' }, stop);
  const failing = listen(other, portOf(taken), stop).catch((error: unknown) => {
    stop.abort(error);
    throw error;
  });
  const [called, failed] = await Promise.allSettled([pending, failing]);
  assert.ok(failed.status === 'rejected');
  assert.equal((failed.reason as NodeJS.ErrnoException).code, 'EADDRINUSE');
  // Bun looks a name up while it is told to listen, so that it was bound before.
  if (called.status === 'fulfilled') one.close();
  else assert.equal(called.reason, failed.reason);
  assert.equal(one.listening, false);
});

test('in a cluster worker is called off without a crash, though it fails (A21)', async () => {
  for (const policy of ['round robin', 'none']) {
    const { ending } = watch(spawnScript('spec/fixtures/cluster-listen.ts', { args: [policy] }));
    const { code, stdout, stderr } = await ending;
    assert.deepEqual([code, stderr], [0, ''], stdout);
    const lines = stdout.trim().split('\n');
    const each = [
      'free: called off, not listening',
      'taken: called off, not listening',
      'taken: EADDRINUSE, not listening',
      'free: bound, listening',
    ];
    assert.deepEqual(lines, [...each, ...each]);
  }
});

test.run();
