import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect as connectRaw, type Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectSecure, createServer, TLSSocket } from 'node:tls';
import { acceptLoop, serve } from 'accept-loop';
import { certificate } from '../support/certificate.ts';
import { listenersOn } from '../support/listeners.ts';
import { connect, follow, listening, portOf } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { turns, until } from '../support/turns.ts';

const test = suite('TLS');

interface Where {
  port?: number;
  host?: string;
  path?: string;
}

function secure(where: Where): TLSSocket {
  return connectSecure({ ...where, ca: certificate.cert, servername: 'localhost' });
}

function at(server: Parameters<typeof portOf>[0]): Where {
  return { port: portOf(server), host: '127.0.0.1' };
}

test('yields TLS sockets, after the handshake', async () => {
  const server = await listening(createServer(certificate));
  const loop = acceptLoop(server);
  const client = secure(at(server));
  const ending = follow(client);
  const { value } = await loop.next();
  assert.ok(value instanceof TLSSocket);
  assert.equal(value.encrypted, true);
  value.end('hello');
  assert.equal((await ending).text, 'hello');
  await loop.return();
});

test('serves the handshake that is in progress at the abort', async () => {
  const server = await listening(createServer(certificate));
  const stop = new AbortController();
  const loop = acceptLoop(server, stop.signal);
  // A raw connection first, so that the server has it when the handshake begins after the abort.
  const accepted = once(server, 'connection');
  const { socket } = await connect(server);
  socket.removeAllListeners('data');
  await accepted;
  stop.abort();
  await turns(10);
  const client = connectSecure({ socket, ca: certificate.cert, servername: 'localhost' });
  const ending = follow(client);
  const { value } = await loop.next();
  value?.end('in time');
  assert.equal((await ending).text, 'in time');
  assert.equal((await loop.next()).done, true);
});

test('ends a client that never speaks, within the bound (A46, B47)', async () => {
  const server = await listening(createServer({ ...certificate, handshakeTimeout: 60_000 }));
  const before = listenersOn(server);
  const stop = new AbortController();
  const loop = acceptLoop(server, stop.signal);
  const closed = once(server, 'close');
  const accepted = once(server, 'connection');
  const { ending } = await connect(server);
  await accepted;
  const begun = performance.now();
  stop.abort();
  assert.equal((await loop.next()).done, true);
  assert.ok(performance.now() - begun < 2000, 'the bound is half a second');
  await ending;
  await closed;
  assert.deepEqual(listenersOn(server), before);
});

test('ends handshakes at once when the loop is left', async () => {
  const server = await listening(createServer(certificate));
  const loop = acceptLoop(server);
  const closed = once(server, 'close');
  const accepted = once(server, 'connection');
  const { ending } = await connect(server);
  await accepted;
  await loop.return();
  await ending;
  await closed;
});

test('leaves the connections alone that it has handed out, beside a silent client', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'accept-loop-'));
  for (const path of [undefined, join(folder, 'tls.sock')]) {
    const server = createServer(certificate);
    server.listen(path === undefined ? { port: 0, host: '127.0.0.1' } : { path });
    await once(server, 'listening');
    const stop = new AbortController();
    const loop = acceptLoop(server, stop.signal);
    const where = path === undefined ? at(server) : { path };
    const endings = [follow(secure(where)), follow(secure(where))];
    const sockets = [await loop.next(), await loop.next()].map(({ value }) => value as Socket);
    const silent = await connect(path ?? server);
    await turns(5);
    stop.abort();
    assert.equal((await loop.next()).done, true);
    await silent.ending;
    for (const socket of sockets) socket.end('alive');
    for (const ending of endings) assert.equal((await ending).text, 'alive');
  }
  await rm(folder, { recursive: true });
});

test('waits for a handshake that is half done, also where there are no addresses', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'accept-loop-'));
  const path = join(folder, 'tls.sock');
  const server = createServer(certificate);
  server.listen({ path });
  await once(server, 'listening');
  const stop = new AbortController();
  const loop = acceptLoop(server, stop.signal);
  // Of the first, ten bytes have arrived when the second comes through, and at the abort.
  const [near, far] = duplexPair();
  const first = connectSecure({ socket: near, ca: certificate.cert, servername: 'localhost' });
  const [hello] = (await once(far, 'data')) as [Buffer];
  far.pause();
  const raw = connectRaw(path);
  raw.write(hello.subarray(0, 10));
  await once(server, 'connection');
  await turns(5);
  const through = follow(secure({ path }));
  const socket = (await loop.next()).value as Socket;
  stop.abort();
  await new Promise((resolve) => setTimeout(resolve, 100));
  raw.write(hello.subarray(10));
  far.pipe(raw);
  raw.pipe(far);
  const late = (await loop.next()).value as Socket;
  late.write('served');
  assert.equal(String((await once(first, 'data'))[0]), 'served');
  assert.equal((await loop.next()).done, true);
  socket.end('alive');
  assert.equal((await through).text, 'alive');
  first.destroy();
  raw.destroy();
  late.destroy();
  await rm(folder, { recursive: true });
});

test('leaves alone a connection over a stream that somebody else brought', async () => {
  const server = await listening(createServer(certificate));
  const stop = new AbortController();
  const loop = acceptLoop(server, stop.signal);
  const [near, far] = duplexPair();
  server.emit('connection', far);
  const client = connectSecure({ socket: near, ca: certificate.cert, servername: 'localhost' });
  const { value } = await loop.next();
  stop.abort();
  assert.equal((await loop.next()).done, true);
  value?.write('over a stream');
  const [chunk] = await once(client, 'data');
  assert.equal(String(chunk), 'over a stream');
  client.destroy();
  value?.destroy();
});

test('resets a handshake that was not known and comes to its end after the loop', async () => {
  const server = await listening(createServer(certificate));
  const before = listenersOn(server);
  const accepted = once(server, 'connection');
  const { socket } = await connect(server);
  socket.removeAllListeners('data');
  await accepted;
  const loop = acceptLoop(server);
  const closed = once(server, 'close');
  await loop.return();
  const client = connectSecure({ socket, ca: certificate.cert, servername: 'localhost' });
  await follow(client);
  await closed;
  assert.deepEqual(listenersOn(server), before);
});

test('survives garbage and a reset in the middle of the handshake', async () => {
  const server = await listening(createServer(certificate));
  const loop = acceptLoop(server);
  const garbage = await connect(server);
  garbage.socket.write('GET / HTTP/1.1\r\n\r\n');
  await garbage.ending;
  const reset = await connect(server);
  await turns(3);
  reset.socket.resetAndDestroy();
  await reset.ending;
  const ending = follow(secure(at(server)));
  const { value } = await loop.next();
  value?.end('fine');
  assert.equal((await ending).text, 'fine');
  assert.equal(loop.stats.accepted, 1);
  await loop.return();
});

test('skips a connection that is reset while it waits (A7)', async () => {
  const server = await listening(createServer(certificate));
  const loop = acceptLoop(server);
  const client = secure(at(server));
  const ending = follow(client);
  await until(() => loop.stats.queued === 1);
  client.destroy();
  await ending;
  await until(() => loop.stats.lost === 1);
  await loop.return();
});

test('resets what waits when the loop is left, though TLS has no reset', async () => {
  const server = await listening(createServer(certificate));
  const loop = acceptLoop(server);
  const ending = follow(secure(at(server)));
  await until(() => loop.stats.queued === 1);
  const closed = once(server, 'close');
  await loop.return();
  await ending;
  await closed;
  assert.equal(loop.stats.discarded, 1);
});

test('ends each of several whose clients have reset, and whose addresses are gone', async () => {
  const server = createServer(certificate);
  let accepted = 0;
  server.on('connection', (socket: Socket) => {
    accepted += 1;
    // As of a client that has reset before it was accepted: our own side is still known.
    for (const name of ['remoteAddress', 'remotePort', 'remoteFamily']) {
      Object.defineProperty(socket, name, { value: undefined });
    }
  });
  const serving = serve(server, () => {});
  await listening(server);
  const clients = await Promise.all([connect(server), connect(server), connect(server)]);
  await until(() => accepted === clients.length);
  const { stragglers } = await serving.stop({ grace: 0 });
  assert.deepEqual(
    stragglers.map(({ kind }) => kind),
    ['handshake', 'handshake', 'handshake'],
  );
  await Promise.all(clients.map(({ ending }) => ending));
});

test.run();
