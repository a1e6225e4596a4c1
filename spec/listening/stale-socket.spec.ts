import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttp } from 'node:http';
import { connect as connectSocket, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acceptLoop } from '../../lib/accept-loop.ts';
import { listen } from '../../lib/listen.ts';
import { serve } from '../../lib/serve.ts';
import { removeStaleSocket } from '../../lib/listening/stale-socket.ts';
import { limits } from '../support/limits.ts';
import { abortListeners, listenersOn } from '../support/listeners.ts';
import { killPrograms, type Program, startProgram, watch } from '../support/programs.ts';
import { follow, listening, portOf, readToEnd } from '../support/sockets.ts';
import { spawnNode, spawnScript } from '../support/spawn-script.ts';
import { leaveStaleFile } from '../support/stale-file.ts';
import { suite } from '../support/suite.ts';
import { turns, until } from '../support/turns.ts';

const test = suite('a socket file in the way', { timeout: 20_000 });

const nextTick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

let folder: string;
let path: string;
test.before.each(async () => {
  folder = await mkdtemp(join(tmpdir(), 'accept-loop-'));
  path = join(folder, 'server.sock');
});
test.after.each(async () => {
  await killPrograms();
  await rm(folder, { recursive: true });
});

/** Starts another process that listens at the path. */
async function startServer(spawn = spawnScript): Promise<Program> {
  const program = watch(spawn('spec/fixtures/unix-server.ts', { args: [path] }));
  await program.printed(/listening/);
  return program;
}

/** Leaves a socket file as a process does that is killed. */
async function leaveStale(): Promise<void> {
  const { signal, ending } = await startServer();
  signal('SIGKILL');
  assert.equal((await ending).signal, 'SIGKILL');
  assert.equal(lstatSync(path).isSocket(), true);
}

async function closed(server: Server): Promise<void> {
  const ended = once(server, 'close');
  server.close();
  await ended;
}

/** Asserts that listening at the path is in vain and changes nothing of what is there. */
async function assertRefused(server = createServer()): Promise<void> {
  const [before, file] = [listenersOn(server), lstatSync(path)];
  const errors: unknown[] = [];
  const hear = (error: unknown): void => void errors.push(error);
  server.on('error', hear);
  const stop = new AbortController();
  await assert.rejects(listen(server, path, stop), (error) => error === errors[0]);
  server.off('error', hear);
  assert.deepEqual(
    errors.map((error) => (error as NodeJS.ErrnoException).code),
    ['EADDRINUSE'],
  );
  assert.deepEqual([lstatSync(path).ino, lstatSync(path).mtimeMs], [file.ino, file.mtimeMs]);
  assert.equal(server.listening, false);
  assert.deepEqual(listenersOn(server), before);
  assert.equal(abortListeners(stop.signal), 0);
}

test(
  'is replaced when its process was killed (A24)',
  async () => {
    for (const create of [() => createServer(), () => createHttp()]) {
      await leaveStale();
      const server = create();
      const before = listenersOn(server);
      const stop = new AbortController();
      assert.equal(await listen(server, path, stop), server);
      assert.deepEqual(listenersOn(server), before);
      assert.equal(abortListeners(stop.signal), 0);
      server.once('connection', (socket: Socket) => socket.destroy());
      const client = connectSocket(path);
      client.write('GET / HTTP/1.1\r\n');
      await follow(client);
      await closed(server);
      assert.equal(existsSync(path), false);
    }
  },
  { cannot: limits.staleSockets },
);

test(
  'is replaced when it is given in an object',
  async () => {
    await leaveStale();
    const server = await listen(createServer(), { path, readableAll: true, port: undefined });
    server.once('connection', (socket: Socket) => socket.end('served'));
    assert.equal((await readToEnd(path)).text, 'served');
    await closed(server);
  },
  { cannot: limits.staleSockets },
);

const waiting: [string, (server: Server) => Promise<unknown>][] = [
  ['a serving', (server) => serve(server, (socket) => socket.end('served')).finished],
  ['a loop', (server) => endEach(acceptLoop(server))],
];
for (const [kind, wait] of waiting) {
  test(
    `is replaced without a word to ${kind} that waits for its server to listen`,
    async () => {
      await leaveStaleFile(path);
      const server = createServer();
      const errors: unknown[] = [];
      server.on('error', (error) => errors.push(error));
      const end = wait(server);
      await listen(server, path);
      assert.deepEqual(errors, []);
      assert.equal((await readToEnd(path)).text, 'served');
      server.close();
      await end;
    },
    { cannot: limits.staleSockets },
  );
}

async function endEach(loop: AsyncIterable<Socket>): Promise<void> {
  for await (const socket of loop) socket.end('served');
}

test(
  'keeps no server from being closed meanwhile',
  async () => {
    const closes: ((server: Server) => unknown)[] = [
      (server) => server.close(),
      (server) => void acceptLoop(server).return(),
      (server) => serve(server, () => {}).stop({ grace: 0 }),
    ];
    for (const close of closes) {
      await leaveStaleFile(path);
      const server = createServer();
      const before = listenersOn(server);
      const call = listen(server, path);
      void close(server);
      await assert.rejects(call, {
        message: 'Cannot listen: the server was closed before it was bound',
      });
      await turns(5);
      assert.equal(server.listening, false);
      assert.deepEqual(listenersOn(server), before);
      rmSync(path, { force: true });
    }
  },
  { cannot: limits.staleSockets },
);

test('is not touched for a server that listens already', async () => {
  await leaveStaleFile(path);
  const server = await listening(createServer());
  await assert.rejects(listen(server, path), { code: 'ERR_SERVER_ALREADY_LISTEN' });
  assert.equal(lstatSync(path).isSocket(), true);
  await closed(server);
});

test('is not touched when a server of this process listens', async () => {
  const live = await listen(createServer(), path);
  live.on('connection', (socket: Socket) => socket.end('served'));
  await assertRefused();
  assert.equal((await readToEnd(path)).text, 'served');
  await closed(live);
});

test(
  'ends the connection by which it has found a server that never does',
  async () => {
    const live = createServer({ allowHalfOpen: true });
    const accepted = once(live, 'connection') as Promise<[Socket]>;
    await listen(live, path);
    const refusal = assertRefused();
    const [socket] = await accepted;
    socket.on('error', () => {});
    const ended = once(socket, 'close');
    socket.write('a greeting');
    await refusal;
    socket.write('into the void');
    await ended.catch(() => {});
    await closed(live);
  },
  { cannot: limits.staleSockets },
);

test('is not touched when another process listens', async () => {
  await startServer();
  await assertRefused();
  assert.equal((await readToEnd(path)).text, 'served');
});

test('is not touched when the other process is too busy to accept', async () => {
  const { signal } = await startServer(spawnNode);
  signal('SIGSTOP');
  const clients: Socket[] = [];
  // Its accept queue is full when one more is turned away.
  let code: string | undefined;
  while (code === undefined) {
    const client = connectSocket(path);
    clients.push(client);
    code = await new Promise<string | undefined>((resolve) => {
      client.on('connect', () => resolve(undefined));
      client.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    });
  }
  await assertRefused();
  signal('SIGCONT');
  for (const client of clients) client.destroy();
});

test(
  'is not touched when it is a datagram socket in use',
  async () => {
    const { signal, ending } = startProgram('nc', ['-l', '-u', '-U', path]);
    await until(() => existsSync(path));
    await assertRefused();
    signal('SIGTERM');
    await ending;
  },
  { needs: 'nc' },
);

test('is not touched when it is no socket', async () => {
  writeFileSync(path, 'precious');
  await assertRefused();
  assert.equal(readFileSync(path, 'utf8'), 'precious');
  unlinkSync(path);
  await mkdir(path);
  await assertRefused();
});

test('is not touched when it is a link, whatever it leads to', async () => {
  await leaveStaleFile(path);
  const stale = path;
  path = join(folder, 'link.sock');
  symlinkSync(stale, path);
  await assertRefused();
  assert.equal(existsSync(stale), true);
  unlinkSync(stale);
  await assertRefused();
});

test('is not touched when it is not what the server is to be bound to', async () => {
  await leaveStaleFile(path);
  const taken = await listening(createServer());
  const where = { port: portOf(taken), host: '127.0.0.1', path };
  await assert.rejects(listen(createServer(), where), { code: 'EADDRINUSE' });
  await assert.rejects(listen(createServer(), { fd: 999, path }), { code: 'EINVAL' });
  assert.equal(existsSync(path), true);
  await closed(taken);
});

test(
  'is no hindrance when it vanishes meanwhile',
  async () => {
    await leaveStaleFile(path);
    const server = createServer();
    server.once('error', () => unlinkSync(path));
    await listen(server, path);
    await closed(server);
    await leaveStaleFile(path);
    const removal = removeStaleSocket(path, undefined);
    unlinkSync(path);
    assert.equal(await removal, true);
    assert.equal(await removeStaleSocket(path, undefined), true);
  },
  { cannot: limits.staleSockets },
);

test('is not touched when it is another one after the probe', async () => {
  await leaveStaleFile(path);
  const removal = removeStaleSocket(path, undefined);
  unlinkSync(path);
  const live = createServer((socket) => socket.end('served')).listen(path);
  assert.equal(await removal, false);
  if (!live.listening) await once(live, 'listening');
  assert.equal((await readToEnd(path)).text, 'served');
  await closed(live);
});

test(
  'is replaced by one of several servers that find it at once',
  async () => {
    await leaveStaleFile(path);
    const servers = Array.from({ length: 8 }, () => createServer((socket) => socket.end('served')));
    const outcomes = await Promise.allSettled(servers.map((server) => listen(server, path)));
    const codes = outcomes
      .filter((outcome) => outcome.status === 'rejected')
      .map(({ reason }) => (reason as NodeJS.ErrnoException).code);
    assert.deepEqual(new Set(codes), new Set(['EADDRINUSE']));
    const bound = servers.filter(({ listening: isBound }) => isBound);
    assert.equal(bound.length, 1);
    assert.equal((await readToEnd(path)).text, 'served');
    for (const server of bound) await closed(server);
  },
  { cannot: limits.staleSockets },
);

test(
  'stays when the signal aborts during the probe',
  async () => {
    await leaveStaleFile(path);
    const stop = new AbortController();
    const removal = removeStaleSocket(path, stop.signal);
    assert.equal(abortListeners(stop.signal), 1);
    stop.abort();
    assert.equal(await removal, false);
    assert.equal(abortListeners(stop.signal), 0);
    assert.equal(lstatSync(path).isSocket(), true);
  },
  { cannot: limits.staleSockets },
);

test(
  'stays when the signal aborts before it is removed',
  async () => {
    await leaveStaleFile(path);
    const moments: (() => unknown)[] = [() => {}, () => Promise.resolve(), nextTick];
    for (const wait of moments) {
      const server = createServer();
      const before = listenersOn(server);
      const stop = new AbortController();
      const call = listen(server, path, stop);
      await wait();
      stop.abort('stopped');
      await assert.rejects(call, (error) => error === 'stopped');
      await turns(5);
      assert.equal(server.listening, false);
      assert.deepEqual(listenersOn(server), before);
      assert.equal(lstatSync(path).isSocket(), true);
      assert.equal(abortListeners(stop.signal), 0);
    }
  },
  { cannot: limits.staleSockets },
);

test(
  'leaves a server that listens or a path that is free, whenever the signal aborts',
  async () => {
    for (let count = 1; count < 12; count += 1) {
      if (!existsSync(path)) await leaveStaleFile(path);
      const server = createServer();
      const stop = new AbortController();
      const call = listen(server, path, stop).catch((error: unknown) => error);
      await turns(count);
      stop.abort('stopped');
      const isListening = (await call) === server;
      await turns(5);
      assert.equal(server.listening, isListening, `after ${count} turns`);
      if (isListening) await closed(server);
      assert.deepEqual(readdirSync(folder), existsSync(path) ? ['server.sock'] : []);
    }
  },
  { cannot: limits.staleSockets },
);

test(
  'is replaced where it was at the call, if the working directory is changed meanwhile',
  async () => {
    await leaveStaleFile(path);
    const old = process.cwd();
    process.chdir(folder);
    const call = listen(createServer(), 'server.sock');
    process.chdir(old);
    const server = await call;
    assert.equal(server.address(), path);
    assert.deepEqual(readdirSync(folder), ['server.sock']);
    await closed(server);
    assert.deepEqual(readdirSync(folder), []);
  },
  { cannot: limits.staleSockets },
);

test(
  'is replaced in a cluster worker, too',
  async () => {
    await leaveStale();
    const args = ['round robin', path];
    const { ending } = watch(spawnScript('spec/fixtures/cluster-listen.ts', { args }));
    const { code, stdout, stderr } = await ending;
    assert.deepEqual([code, stdout, stderr], [0, 'stale: bound, listening\n', '']);
  },
  { cannot: limits.staleSockets },
);

test('is removed by the close of a server that had the path before (A24)', async () => {
  const first = await listen(createServer(), path);
  unlinkSync(path);
  const second = await listen(createServer(), path);
  await closed(first);
  assert.equal(existsSync(path), false, 'Node removes by path');
  await closed(second);
});

test.run();
