import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTls } from 'node:tls';
import { drain, type DrainOptions, type DrainReport } from 'accept-loop';
import { certificate } from '../support/certificate.ts';
import { connectionsOf, nothingLeft } from '../support/scene.ts';
import { type Client, connect, connectTls, listening, refuses } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { atUnixSocket } from '../support/tls-unix-socket.ts';
import { sleep, turns, until } from '../support/turns.ts';

const test = suite('a silent connection of a drained server');

interface Scene {
  readonly server: Server;
  readonly stop: AbortController;
  readonly over: () => Promise<DrainReport>;
}

/** An echo in a `'connection'` listener. */
function echo(socket: Socket): void {
  socket.on('data', (chunk) => socket.write(chunk));
}

async function scene(
  unbound: Server,
  options: DrainOptions = {},
  listener: (socket: Socket) => void = echo,
): Promise<Scene> {
  const event = 'addContext' in unbound ? 'secureConnection' : 'connection';
  unbound.on(event, listener);
  const assertNothingLeft = nothingLeft(unbound);
  const server = await listening(unbound);
  const stop = new AbortController();
  const { signal } = stop;
  const drained = drain(server, { signal, quiet: 20, ...options });
  const over = async (): Promise<DrainReport> => {
    const report = await drained;
    await turns(3);
    await assertNothingLeft(signal);
    return report;
  };
  return { server, stop, over };
}

const create = (): Server => createServer({ allowHalfOpen: true });

async function say({ socket }: Client, text: string): Promise<void> {
  const due = socket.bytesRead + text.length;
  if (!socket.readableEnded) socket.write(text);
  await until(() => socket.bytesRead >= due || socket.readableEnded);
}

/** Waits until one has been ended that came after the others. */
async function outlast({ server, stop }: Scene): Promise<void> {
  const last = await connect(server);
  stop.abort();
  await refuses(server);
  for (let word = 0; word < 6; word += 1) {
    await sleep(10);
    await say(last, 'word');
  }
  assert.equal((await last.ending).by, 'end');
}

for (const [kind, make, meet] of [
  ['TCP', create, connect],
  ['TLS', () => createTls({ ...certificate, allowHalfOpen: true }), connectTls],
] as const) {
  test(`of ${kind} is ended, and counts as finished`, async () => {
    const { server, stop, over } = await scene(make());
    const clients = [await meet(server), await meet(server)];
    const silent = await meet(server);
    for (const client of clients) await say(client, 'hello');
    await sleep(50);
    assert.equal(await connectionsOf(server), 3);
    stop.abort();
    for (const { ending } of clients) assert.deepEqual(await ending, { text: 'hello', by: 'end' });
    assert.deepEqual(await silent.ending, { text: '', by: 'end' });
    const { duration, ...counts } = await over();
    assert.deepEqual(counts, { finished: 3, forced: 0, stragglers: [] });
    assert.ok(duration < 2000);
  });
}

test('is ended over a Unix socket, too', () =>
  atUnixSocket(async (path) => {
    const server = await listening(create().on('connection', echo), path);
    const stop = new AbortController();
    const drained = drain(server, { signal: stop.signal, quiet: 20 });
    const client = await connect(path);
    await say(client, 'hello');
    stop.abort();
    assert.deepEqual(await client.ending, { text: 'hello', by: 'end' });
    assert.equal((await drained).finished, 1);
  }));

test('is not ended while its client waits for an answer', async () => {
  const sockets: Socket[] = [];
  const it = await scene(create(), {}, (socket) => {
    sockets.push(socket);
    socket.on('data', (chunk) => String(chunk) === 'slow' || socket.write(chunk));
  });
  const client = await connect(it.server);
  await say(client, 'hello');
  client.socket.write('slow');
  await until(() => sockets[0]?.bytesRead === 9);
  await outlast(it);
  assert.equal(client.socket.readableEnded, false);
  sockets[0]?.write('slow');
  assert.deepEqual(await client.ending, { text: 'helloslow', by: 'end' });
  assert.equal((await it.over()).finished, 2);
});

test('is not ended while one of the calls says that it is busy', async () => {
  const sockets: Socket[] = [];
  const busy = new Set<Socket>();
  const isBusy = (socket: Socket): boolean => busy.has(socket);
  const it = await scene(create(), { quiet: Infinity }, (socket) => {
    sockets.push(socket);
    echo(socket);
  });
  const { signal } = it.stop;
  const others = [
    drain(it.server, { signal, quiet: 20, isBusy }),
    drain(it.server, { signal, quiet: 60_000 }),
  ];
  const client = await connect(it.server);
  await until(() => sockets.length > 0);
  busy.add(sockets[0] ?? assert.fail());
  await outlast(it);
  assert.equal(client.socket.readableEnded, false);
  busy.clear();
  assert.equal((await client.ending).by, 'end');
  const report = await it.over();
  for (const other of others) assert.equal(await other, report);
});

test('has a second to end its side, and counts as finished', async () => {
  const { server, stop, over } = await scene(create());
  const client = await connect(server, { allowHalfOpen: true });
  await say(client, 'hello');
  stop.abort();
  await once(client.socket, 'end');
  const { finished, forced, duration } = await over();
  assert.deepEqual([finished, forced], [1, 0]);
  assert.ok(duration >= 1000);
  client.socket.destroy();
});

test('whose owner has ended its side does not wait for the client any longer', async () => {
  const { server, stop, over } = await scene(create(), {}, (socket) => {
    socket.on('data', () => {}).end('bye');
  });
  const client = await connect(server, { allowHalfOpen: true });
  await once(client.socket, 'end');
  client.socket.write('more');
  stop.abort();
  const { finished, forced } = await over();
  assert.deepEqual([finished, forced], [1, 0]);
  client.socket.destroy();
});

test('may be written to afterwards: its owner has no error to hear', async () => {
  const sockets: Socket[] = [];
  const { server, stop, over } = await scene(create(), {}, (socket) => {
    sockets.push(socket);
    socket.resume();
  });
  const client = await connect(server, { allowHalfOpen: true });
  stop.abort();
  await once(client.socket, 'end');
  sockets[0]?.write('push');
  assert.equal((await over()).finished, 1);
  client.socket.destroy();
});

test('takes no command any more that crosses its end', async () => {
  const commands: string[] = [];
  const { server, stop, over } = await scene(create(), {}, (socket) => {
    socket.on('data', (chunk) => {
      commands.push(String(chunk));
      socket.write(chunk);
    });
  });
  const client = await connect(server, { allowHalfOpen: true });
  await say(client, 'first');
  stop.abort();
  await once(client.socket, 'end');
  client.socket.end('second');
  assert.equal((await client.ending).by, 'end');
  await over();
  assert.deepEqual(commands, ['first']);
});

test('has until grace if it is any stream that was emitted as a connection', async () => {
  const { server, stop, over } = await scene(create(), { grace: 300 }, () => {});
  const { Duplex } = await import('node:stream');
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  server.emit('connection', stream);
  stop.abort();
  assert.equal((await over()).forced, 1);
  assert.equal(stream.destroyed, true);
});

test('has until grace if the server had it before the call', async () => {
  const server = await listening(create().on('connection', echo));
  const client = await connect(server);
  await say(client, 'hello');
  const { forced } = await drain(server, { quiet: 20, grace: 300 });
  assert.equal(forced, 1);
  client.socket.destroy();
});

test.run();
