import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTls } from 'node:tls';
import { acceptLoop, drain, type DrainReport, serve } from 'accept-loop';
import { WebSocketServer } from 'ws';
import { certificate } from '../support/certificate.ts';
import { get } from '../support/http-messages.ts';
import { listenersOn } from '../support/listeners.ts';
import { connect, listening, refused } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { turns, until } from '../support/turns.ts';

const test = suite('a server that is told to listen after its shutdown has begun');

const kinds: Record<string, () => Server> = {
  net: () => createServer(),
  tls: () => createTls(certificate),
  http: () => createHttp((_, response) => response.end('hello')),
  https: () => createHttps(certificate, (_, response) => response.end('hello')),
  http2: () => createHttp2((_, response) => response.end('hello')),
};

/** What a framework does when it starts. Resolves with the port, as its owner sees it. */
async function listenAsOwner(server: Server): Promise<number> {
  const { port } = await new Promise<AddressInfo>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server.address() as AddressInfo));
  });
  return port;
}

/** Tells the server to listen, and waits until it is closed again. */
async function assertClosesItself(server: Server): Promise<void> {
  const port = await listenAsOwner(server);
  // Not 'close': Bun and Deno emit that of the drain late.
  await until(() => !server.listening);
  assert.equal(await refused(port), 'ECONNREFUSED');
}

/** Drains a server that does not listen, by a signal that aborts. */
async function drainEarly(server: Server): Promise<DrainReport> {
  const stop = new AbortController();
  const drained = drain(server, { signal: stop.signal, grace: 1000, idle: 50 });
  stop.abort(new Error('stop'));
  return drained;
}

for (const [kind, create] of Object.entries(kinds)) {
  test(`is closed at once, however often, when the drain is over: ${kind}`, async () => {
    const server = create();
    const { finished, forced } = await drainEarly(server);
    assert.deepEqual({ finished, forced }, { finished: 0, forced: 0 });
    await assertClosesItself(server);
    await assertClosesItself(server);
  });
}

const loops: Record<string, (server: Server, signal: AbortSignal) => Promise<unknown>> = {
  acceptLoop: (server, signal) => acceptLoop(server, signal).next(),
  serve: (server, signal) => serve(server, () => {}, signal).finished,
};

for (const [name, loop] of Object.entries(loops)) {
  for (const [kind, create] of Object.entries(kinds)) {
    test(`is closed at once, however often, when a ${name} is over: ${kind}`, async () => {
      const server = create();
      const stop = new AbortController();
      const ending = loop(server, stop.signal);
      stop.abort();
      await ending;
      await assertClosesItself(server);
      await assertClosesItself(server);
    });
  }

  test(`is closed at once when the signal had aborted before the ${name}`, async () => {
    const server = createServer();
    await loop(server, AbortSignal.abort());
    await assertClosesItself(server);
  });

  test(`is closed at once in the last call of a ${name}`, async () => {
    const server = createServer();
    const stop = new AbortController();
    const ending = loop(server, stop.signal);
    stop.abort();
    await assertClosesItself(server);
    await ending;
  });

  test(`refuses a client that comes in that moment, when a ${name} is over`, async () => {
    const server = createServer();
    await loop(server, AbortSignal.abort());
    const { ending } = await connect(await listenAsOwner(server));
    assert.equal((await ending).text, '');
    await until(() => !server.listening);
  });

  test(`listens for the next loop, when a ${name} is over`, async () => {
    const server = createServer();
    const before = listenersOn(server);
    const closed = once(server, 'close');
    await loop(server, AbortSignal.abort());
    // The close() of the first loop would end the next one.
    await closed;
    const stop = new AbortController();
    const next = acceptLoop(server, stop.signal);
    const client = await connect(await listenAsOwner(server));
    const { value: socket = assert.fail() } = await next.next();
    socket.end('served');
    assert.equal((await client.ending).text, 'served');
    assert.equal(server.listening, true);
    stop.abort();
    assert.equal((await next.next()).done, true);
    await until(() => !server.listening);
    await turns(5);
    assert.deepEqual(listenersOn(server), before);
  });
}

test('is closed at once when the signal had aborted before the drain was called', async () => {
  const server = createServer();
  await drain(server, AbortSignal.abort());
  await assertClosesItself(server);
});

test('is closed at once when it carries a WebSocketServer that is drained', async () => {
  const server = createHttp();
  const webSocketServer = new WebSocketServer({ server });
  const stop = new AbortController();
  const drained = drain(webSocketServer, stop.signal);
  stop.abort();
  await drained;
  await assertClosesItself(server);
});

test('is closed at once while connections are drained that another server has accepted', async () => {
  const server = createServer();
  const front = await listening(createServer((socket) => server.emit('connection', socket)));
  const stop = new AbortController();
  const drained = drain(server, { signal: stop.signal, grace: 10_000 });
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const { ending } = await connect(front);
  const [socket] = await accepted;
  stop.abort();
  const port = await listenAsOwner(server);
  await until(() => !server.listening);
  assert.equal(await refused(port), 'ECONNREFUSED');
  socket.end('whole');
  assert.equal((await ending).text, 'whole');
  const { finished, forced } = await drained;
  assert.deepEqual({ finished, forced }, { finished: 1, forced: 0 });
  await assertClosesItself(server);
  front.close();
});

test('serves a client that comes in that moment', async () => {
  const server = createHttp((_, response) => response.end('hello'));
  await drainEarly(server);
  const port = await listenAsOwner(server);
  const { socket, ending } = await connect(port);
  socket.write(get('/'));
  assert.match((await ending).text, /hello$/);
  await until(() => !server.listening);
});

test('listens when its owner drains it by a signal that has not aborted', async () => {
  const server = createServer();
  const before = listenersOn(server);
  await drainEarly(server);
  const stop = new AbortController();
  const drained = drain(server, stop.signal);
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const { ending } = await connect(await listenAsOwner(server));
  const [socket] = await accepted;
  socket.end('served');
  assert.equal((await ending).text, 'served');
  assert.equal(server.listening, true);
  stop.abort();
  assert.equal((await drained).finished, 1);
  assert.deepEqual(listenersOn(server), before);
});

test('listens when it had listened before the signal, and the drain is over', async () => {
  const server = createServer();
  const before = listenersOn(server);
  const stop = new AbortController();
  const drained = drain(await listening(server), stop.signal);
  stop.abort();
  await drained;
  assert.deepEqual(listenersOn(server), before);
  await listening(server);
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const { ending } = await connect(server);
  (await accepted)[0].end('served');
  assert.equal((await ending).text, 'served');
  const closed = once(server, 'close');
  server.close();
  await closed;
});

test('listens when it was drained without a signal', async () => {
  const server = createServer();
  const before = listenersOn(server);
  await drain(server);
  await turns(2);
  assert.deepEqual(listenersOn(server), before);
});

test.run();
