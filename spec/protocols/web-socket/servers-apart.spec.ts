import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { acceptLoop, drain, serve } from 'accept-loop';
import { type WebSocket, WebSocketServer } from 'ws';
import { handshake, openClient, webSocketDrain } from '../../support/drain-web-socket.ts';
import { get } from '../../support/http-messages.ts';
import { limits } from '../../support/limits.ts';
import { listenersOn } from '../../support/listeners.ts';
import { connectionsOf } from '../../support/scene.ts';
import { type Client, connect, listening, portOf } from '../../support/sockets.ts';
import { suite } from '../../support/suite.ts';
import { assertServed } from '../../support/talk.ts';
import { countTicks } from '../../support/ticks.ts';
import { turns, until } from '../../support/turns.ts';

const test = suite('a WebSocketServer and the HTTP server that brings its clients');

const answer: RequestListener = (_request, response) => void response.end('answer');

/** A client that has been accepted, and asks for its upgrade when it is told to. */
async function early(server: Server): Promise<Client> {
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const client = await connect(server);
  client.socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n');
  const [socket] = await accepted;
  await until(() => socket.bytesRead > 0 || 'bun' in process.versions);
  return client;
}

const rest = handshake.slice(handshake.indexOf('Connection'));

/** What runs a `WebSocketServer` that is attached, while its HTTP server is closed by somebody. */
const runners = {
  serve: (server: WebSocketServer) =>
    serve(server, ([webSocket]) => webSocket.send('hello'), { grace: 3000 }).finished,
  async acceptLoop(server: WebSocketServer) {
    for await (const [webSocket] of acceptLoop(server)) webSocket.send('hello');
  },
};

const closings = {
  'close()': (http: Server) => void http.close(),
  'drain()': (http: Server) => void drain(http, { idle: 600, grace: 3000 }),
};

for (const [runner, run] of Object.entries(runners)) {
  for (const [closing, close] of Object.entries(closings)) {
    for (const handler of [undefined, answer]) {
      const beside = handler ? 'a' : 'no';
      test(
        `answers late upgrades with 503: ${runner}, ${closing} of the HTTP server, ${beside} request listener`,
        async () => {
          const http = await listening(createServer(handler));
          const before = listenersOn(http);
          const server = new WebSocketServer({ server: http });
          const run1 = run(server);
          const { socket, ending } = await early(http);
          close(http);
          await run1;
          socket.write(rest);
          const { text } = await ending;
          assert.match(text, /^HTTP\/1\.1 503 /);
          if (http.listenerCount('close') > 0) await once(http, 'close');
          await turns(5);
          assert.equal(await connectionsOf(http), 0);
          assert.deepEqual(listenersOn(http), before);
          assert.equal(server.listenerCount('connection'), 0);
        },
        { cannot: limits.idleAfterClose },
      );
    }
  }
}

test('leaves upgrades to the request listeners of an HTTP server that lives on', async () => {
  const http = await listening(createServer(answer));
  const loop = acceptLoop(new WebSocketServer({ server: http }));
  await loop.return();
  const { socket, ending } = await connect(http);
  socket.write(handshake);
  await once(socket, 'data');
  socket.end();
  assert.match((await ending).text, /^HTTP\/1\.1 200 /);
  await new Promise((resolve) => http.close(resolve));
});

test('leaves upgrades to the next WebSocketServer of an HTTP server that lives on', async () => {
  const http = await listening(createServer());
  const before = listenersOn(http);
  const loop = acceptLoop(new WebSocketServer({ server: http }));
  await loop.return();
  const refused = await connect(http);
  refused.socket.write(handshake);
  assert.match((await refused.ending).text, /^HTTP\/1\.1 503 /);
  const next = new WebSocketServer({ server: http });
  const { code, open } = openClient(portOf(http));
  const [webSocket] = (await once(next, 'connection')) as [WebSocket];
  await open;
  webSocket.close(4000);
  assert.equal(await code, 4000);
  next.close();
  await new Promise((resolve) => http.close(resolve));
  assert.deepEqual(listenersOn(http), before);
});

for (const clients of [0, 1]) {
  test(`begins the drain of one that is attached when its owner closes it (${clients} clients)`, async () => {
    const { server, http, client, over } = await webSocketDrain();
    const all = clients === 1 ? [await client()] : [];
    server.close();
    await until(() => http?.listening === false);
    for (const { code } of all) assert.equal(await code, 1001); // oxlint-disable-line no-await-in-loop
    assertServed(await over(), clients);
  });
}

test('refuses an upgrade when its owner has closed it, and the listener is open still', async () => {
  const { server, http, port, stop, over } = await webSocketDrain({ idle: 300 });
  assert.ok(http);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  const { socket, ending } = await connect(port);
  socket.write(handshake);
  assert.match((await ending).text, /^HTTP\/1\.1 503 /);
  stop.abort();
  await over();
});

/** How the application of a `WebSocketServer` with `noServer` takes the clients that it hands it. */
const takings = {
  "with 'connection'": (server: WebSocketServer, webSocket: WebSocket, request: unknown) =>
    void server.emit('connection', webSocket, request),
  'with a callback alone': (_server: WebSocketServer, webSocket: WebSocket) =>
    webSocket.send('hello'),
};

for (const [taking, take] of Object.entries(takings)) {
  for (const order of ['first', 'last']) {
    test(
      `lets clients of the last call in, and tells them 1001: noServer ${taking}, drained ${order}`,
      async () => {
        const http = await listening(createServer());
        const server = new WebSocketServer({ noServer: true });
        const before = [listenersOn(http), listenersOn(server)];
        const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void =>
          server.handleUpgrade(request, socket, head, (webSocket) =>
            take(server, webSocket, request),
          );
        http.on('upgrade', onUpgrade);
        const stop = new AbortController();
        const servers = order === 'first' ? [server, http] : [http, server];
        const draining = servers.map((one) => drain(one, { signal: stop.signal, idle: 300 }));
        const there = openClient(portOf(http));
        await there.open;
        stop.abort();
        const late = Array.from({ length: 50 }, () => openClient(portOf(http)));
        const codes = await Promise.all([there, ...late].map(({ code }) => code));
        assert.deepEqual(
          codes,
          codes.map(() => 1001),
        );
        const reports = await Promise.all(draining);
        for (const report of reports) assertServed(report, 51);
        http.off('upgrade', onUpgrade);
        await turns(5);
        assert.deepEqual([listenersOn(http), listenersOn(server)], before);
      },
      { cannot: limits.exactLastCall },
    );
  }
}

test(
  'knows who was handed to it with a callback alone, in conversation or silent',
  async () => {
    const http = await listening(createServer());
    const server = new WebSocketServer({ noServer: true });
    const webSockets: WebSocket[] = [];
    http.on('upgrade', (request, socket, head) =>
      server.handleUpgrade(request, socket, head, (webSocket) => webSockets.push(webSocket)),
    );
    const stop = new AbortController();
    const options = { signal: stop.signal, idle: 800 };
    const draining = [drain(server, options), drain(http, options)];
    const asks = openClient(portOf(http));
    await asks.open;
    const silent = openClient(portOf(http));
    await silent.open;
    const [webSocket = assert.fail()] = webSockets;
    const heard = once(webSocket, 'message');
    asks.client.send('question');
    await heard;
    stop.abort();
    assert.equal(await silent.code, 1001);
    webSocket.send('answer');
    assert.equal(await asks.code, 1001);
    assert.deepEqual(asks.messages, ['answer']);
    for (const report of await Promise.all(draining)) assertServed(report, 2);
  },
  { cannot: limits.webSocketBytes },
);

test('waits for no other server when its own is not drained', async () => {
  const http = await listening(createServer(answer));
  const server = new WebSocketServer({ noServer: true });
  http.on('upgrade', (request, socket, head) =>
    server.handleUpgrade(request, socket, head, (webSocket) =>
      server.emit('connection', webSocket, request),
    ),
  );
  const { code, open } = openClient(portOf(http));
  await open;
  assertServed(await drain(server, { idle: 0 }), 1);
  assert.equal(await code, 1001);
  const { socket, ending } = await connect(http);
  socket.write(handshake);
  assert.match((await ending).text, /^HTTP\/1\.1 503 /);
  const other = await connect(http);
  other.socket.write(get('/'));
  await once(other.socket, 'data');
  other.socket.destroy();
  await new Promise((resolve) => http.close(resolve));
});

/** How often a property of each of so many servers is read in a turn while all stop. */
async function countReads(count: number): Promise<number> {
  let reads = 0;
  const servers = Array.from({ length: count }, () => new WebSocketServer({ noServer: true }));
  const stop = new AbortController();
  const servings = servers.map((server) => serve(server, () => {}, stop.signal));
  for (const server of servers) {
    const read = (): unknown => {
      reads += 1;
      return () => true;
    };
    Object.defineProperty(server, 'shouldHandle', { get: read });
  }
  const ticks = countTicks(() => reads);
  stop.abort();
  await Promise.all(servings.map(({ finished }) => finished));
  ticks.stop();
  return ticks.longest() / count;
}

test('is asked as often when a hundred stop with it as when three do', async () => {
  const [few, many] = [await countReads(3), await countReads(100)];
  assert.ok(many <= few + 1, `${few} times, ${many} times`);
});

test('ends at grace though its HTTP server is in its last call still', async () => {
  const http = await listening(createServer());
  const server = new WebSocketServer({ noServer: true });
  const draining = [drain(server, { grace: 0 }), drain(http, { idle: 0 })];
  for (const report of await Promise.all(draining)) assertServed(report, 0);
});

for (const attached of [true, false]) {
  test(
    `serves the clients of the last call of both (${attached ? 'attached' : 'noServer'})`,
    async () => {
      const http = await listening(createServer());
      const server = new WebSocketServer(attached ? { server: http } : { noServer: true });
      if (!attached) {
        http.on('upgrade', (request, socket, head) =>
          server.handleUpgrade(request, socket, head, (webSocket) =>
            server.emit('connection', webSocket, request),
          ),
        );
      }
      const stop = new AbortController();
      const { finished } = serve(server, ([webSocket]) => webSocket.close(1001), stop.signal);
      const drained = drain(http, { signal: stop.signal, idle: 300 });
      stop.abort();
      const late = Array.from({ length: 50 }, () => openClient(portOf(http)));
      const codes = await Promise.all(late.map(({ code }) => code));
      assert.deepEqual(
        codes,
        codes.map(() => 1001),
      );
      const { accepted, completed } = await finished;
      assert.deepEqual([accepted, completed], [50, 50]);
      assertServed(await drained, 50);
    },
    { cannot: limits.exactLastCall },
  );
}

/** Asks for a WebSocket, and gives what comes before the connection has ended. */
async function upgradeOf(http: Server, path: string): Promise<string> {
  const { socket, ending } = await connect(http);
  socket.write(handshake.replace(/ \S+ /, ` ${path} `));
  return (await ending).text;
}

for (const count of [2, 3]) {
  test(`refuses upgrades when ${count} that were attached to one HTTP server have ended`, async () => {
    const http = await listening(createServer());
    const before = listenersOn(http);
    const paths = ['/a', '/b', '/c'].slice(0, count);
    const servings = paths.map((path) =>
      serve(new WebSocketServer({ server: http, path }), () => {}),
    );
    for (const serving of servings) await serving.stop(); // oxlint-disable-line no-await-in-loop
    for (const path of [...paths, '/other']) {
      // oxlint-disable-next-line no-await-in-loop
      assert.match(await upgradeOf(http, path), /^HTTP\/1\.1 503 /);
    }
    await new Promise((resolve) => http.close(resolve));
    assert.deepEqual(listenersOn(http), before);
  });
}

test(
  'refuses an upgrade under drain, though one that was served has ended',
  async () => {
    const http = await listening(createServer(answer));
    const servers = ['/a', '/b'].map((path) => new WebSocketServer({ server: http, path }));
    const [served, drained] = [servers[0] ?? assert.fail(), servers[1] ?? assert.fail()];
    const { socket, ending } = await connect(http);
    socket.write(get('/'));
    await once(socket, 'data');
    const serving = serve(served, () => {});
    const draining = drain(drained, { idle: 2000, grace: 8000 });
    await serving.stop();
    await until(() => !http.listening);
    await turns(5);
    socket.write(handshake);
    assert.match((await ending).text, /HTTP\/1\.1 503 /);
    assertServed(await draining, 1);
  },
  { cannot: limits.idleAfterClose },
);

test.run();
