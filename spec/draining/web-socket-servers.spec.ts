import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { drain } from 'accept-loop';
import { type WebSocket, WebSocketServer } from 'ws';
import { countCloseEvents } from '../support/count-closes.ts';
import {
  handshake,
  openClient,
  openWebSocketServer,
  webSocketDrain,
  webSocketModes,
} from '../support/drain-web-socket.ts';
import { get, upgrade } from '../support/http-messages.ts';
import { limits } from '../support/limits.ts';
import { listenersOn } from '../support/listeners.ts';
import { countsOf } from '../support/report.ts';
import { gate } from '../support/scene.ts';
import { closeServer, connect, listening, portOf, refuses } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { turns, until } from '../support/turns.ts';
import { collectWarnings } from '../support/warnings.ts';

const test = suite('drain of WebSocket servers');

/** One of several of an HTTP server: ws by itself refuses what is for another. */
class OneOfSeveral extends WebSocketServer {
  override handleUpgrade(...args: Parameters<WebSocketServer['handleUpgrade']>): void {
    if (this.shouldHandle(args[0])) super.handleUpgrade(...args);
  }
}

for (const [what, clients] of Object.entries<() => unknown>({
  'no iterable': () => ({}),
  'a map': () => new Map([['a client', new EventEmitter()]]),
  'a set of other things': () => new Set([null, 5, {}, new EventEmitter()]),
  'a list whose size throws': () => Object.defineProperty([], 'size', { get: assert.fail }),
})) {
  test(`ends though its owner's \`clients\` is ${what}`, async () => {
    const told = collectWarnings();
    const { server } = await openWebSocketServer();
    const drained = drain(server, { signal: new AbortController().signal, grace: 60_000 });
    Object.defineProperty(server, 'clients', { get: clients });
    await drained.stop();
    told.stopCollecting();
    assert.ok(told.warnings.length <= 1, String(told.warnings));
  });
}

for (const mode of webSocketModes) {
  test(`knows the clients that were there before (${mode}) (A39)`, async () => {
    const { server } = await openWebSocketServer(mode);
    const taken = once(server, 'connection');
    const { code } = openClient(portOf(server), mode);
    await taken;
    const report = await drain(server, { idle: 0 });
    assert.equal(await code, 1001);
    assert.deepEqual(countsOf(report), [1, 0]);
  });

  test(
    `refuses a client whose upgrade is decided when it is closed (${mode}) (A44)`,
    async () => {
      const { opened, open } = gate<boolean>();
      let asked = 0;
      const { server, port, stop, over } = await webSocketDrain({
        mode,
        more: {
          verifyClient: (_info: unknown, decide: (verified: boolean) => void) => {
            asked += 1;
            void opened.then(decide);
          },
        },
      });
      const { client, code } = openClient(port, mode);
      const refused = once(client, 'unexpected-response');
      await until(() => asked === 1);
      stop.abort();
      await until(() => server.address() === null);
      open(true);
      const [, { statusCode }] = (await refused) as [unknown, { statusCode: number }];
      client.terminate();
      assert.equal(statusCode, 503);
      assert.equal(await code, 1006);
      assert.deepEqual(countsOf(await over()), [1, 0]);
    },
    { cannot: mode === 'standalone' ? limits.standaloneSockets : [] },
  );
}

test(
  'closes every one of an HTTP server, once, and it (A44)',
  async () => {
    const http = await listening(createServer());
    const before = listenersOn(http);
    const paths = ['/first', '/second', '/third', '/closed'];
    const servers = paths.map((path) => new OneOfSeveral({ server: http, path }));
    const closes = [http, ...servers].map((server) => countCloseEvents(server));
    await new Promise<void>((resolve) => servers.at(-1)?.close(() => resolve()));
    const stop = new AbortController();
    const { signal } = stop;
    const reports = servers.map((server) => drain(server, { signal, idle: 300 }));
    const taken = servers.slice(0, 3).map((server) => once(server, 'connection'));
    const clients = [0, 1, 2].map((index) => openClient(portOf(http), 'http', paths[index]));
    await Promise.all(taken);
    // Who keeps its side open does not hold it.
    const late = await connect(http, { allowHalfOpen: true });
    stop.abort();
    assert.deepEqual(await Promise.all(clients.map(({ code }) => code)), [1001, 1001, 1001]);
    await refuses(http);
    late.socket.write(handshake);
    await once(late.socket, 'end');
    const [report = assert.fail(), ...others] = await Promise.all(reports);
    late.socket.destroy();
    assert.match((await late.ending).text, /^HTTP\/1\.1 503 /);
    for (const other of others) assert.equal(other, report);
    assert.deepEqual(countsOf(report), [4, 0]);
    await turns(5);
    assert.deepEqual(
      closes.map((count) => count()),
      [1, 1, 1, 1, 1],
    );
    assert.deepEqual(listenersOn(http), { ...before, close: 1 });
  },
  { cannot: limits.idleAfterClose },
);

test('closes one that is drained when its HTTP server is closed already (A44)', async () => {
  const { server, http, client, stop, drained } = await webSocketDrain({ drains: 'http' });
  const closes = countCloseEvents(server);
  const { code } = await client();
  stop.abort();
  await until(() => http?.listening === false);
  const report = await drain(server);
  assert.equal(await code, 1001);
  assert.equal(await drained, report);
  assert.deepEqual(countsOf(report), [1, 0]);
  await turns(5);
  assert.equal(closes(), 1);
  assert.equal(http?.listenerCount('upgrade'), 0);
});

function own(_request: unknown, socket: Duplex): void {
  setImmediate(() => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\nmine'));
}

test(
  'leaves upgrades to others who listen for them (A44)',
  async () => {
    const { http, port, client, stop, over } = await webSocketDrain({ idle: 300 });
    assert.ok(http);
    const { code } = await client();
    stop.abort();
    http.on('upgrade', own);
    const { socket, ending } = await connect(port);
    await refuses(http);
    socket.write(upgrade('/own'));
    assert.equal((await ending).text, 'HTTP/1.1 101 Switching Protocols\r\n\r\nmine');
    assert.equal(await code, 1001);
    http.off('upgrade', own);
    assert.deepEqual(countsOf(await over()), [2, 0]);
  },
  { cannot: limits.idleAfterClose },
);

interface OwnUpgrade {
  readonly http: Server;
  readonly server: WebSocketServer;
}

/** A server whose owner hands it its upgrades. */
async function ownUpgrade(): Promise<OwnUpgrade> {
  const http = await listening(createServer((_, response) => void response.end('answer')));
  const server = new WebSocketServer({ noServer: true });
  http.on('upgrade', (request, socket, head) => {
    server.handleUpgrade(request, socket, head, (webSocket) => {
      server.emit('connection', webSocket, request);
    });
  });
  return { http, server };
}

test(
  'is drained beside its HTTP server when its owner hands it upgrades (A44)',
  async () => {
    const { http, server } = await ownUpgrade();
    const closes = [http, server].map((one) => countCloseEvents(one));
    const before = [listenersOn(http), listenersOn(server)];
    const stop = new AbortController();
    const { signal } = stop;
    const draining = [drain(server, { signal }), drain(http, { signal, idle: 300 })];
    const taken = once(server, 'connection');
    const { code } = openClient(portOf(http));
    await taken;
    const { socket, ending } = await connect(http);
    socket.write(get('/'));
    await once(socket, 'data');
    stop.abort();
    assert.equal(await code, 1001);
    await refuses(http);
    socket.write(handshake);
    assert.match((await ending).text, /HTTP\/1\.1 503 /);
    const [ofServer, ofHttp] = await Promise.all(draining);
    assert.deepEqual(countsOf(ofServer ?? assert.fail()), [1, 0]);
    assert.deepEqual(countsOf(ofHttp ?? assert.fail()), [2, 0]);
    await turns(5);
    assert.deepEqual(
      closes.map((count) => count()),
      [1, 1],
    );
    assert.deepEqual([listenersOn(http), listenersOn(server)], before);
  },
  { cannot: limits.idleAfterClose },
);

test('leaves upgrades to their owner while its HTTP server alone is drained (A44)', async () => {
  const { http, server } = await ownUpgrade();
  const stop = new AbortController();
  const drained = drain(http, { signal: stop.signal, idle: 100 });
  const taken = once(server, 'connection');
  const { code, open } = openClient(portOf(http));
  stop.abort();
  const [webSocket] = (await taken) as [WebSocket];
  await open;
  await refuses(http);
  webSocket.close(4001);
  assert.equal(await code, 4001);
  assert.deepEqual(countsOf(await drained), [1, 0]);
});

test('leaves nothing on one without an HTTP server that has no clients', async () => {
  const server = new WebSocketServer({ noServer: true });
  const closes = countCloseEvents(server);
  const report = await drain(server);
  assert.deepEqual(countsOf(report), [0, 0]);
  await turns(2);
  assert.equal(closes(), 1);
  assert.deepEqual(listenersOn(server), { close: 1 });
});

test('begins when somebody closes one on a port of its own (A5)', async () => {
  const { server, client, over } = await webSocketDrain({ mode: 'standalone' });
  const { code } = await client();
  server.close();
  assert.equal(await code, 1001);
  assert.deepEqual(countsOf(await over()), [1, 0]);
});

test(
  'ends who says nothing on a port of its own when idle is over (A34)',
  async () => {
    const { port, stop, over } = await webSocketDrain({ mode: 'standalone', idle: 300 });
    const { ending } = await connect(port);
    await turns(5);
    stop.abort();
    assert.equal((await ending).text, '');
    const report = await over();
    assert.deepEqual(countsOf(report), [1, 0]);
    // Node 26 ends it with the listener.
    assert.ok(report.duration < 1000, String(report.duration));
  },
  { cannot: limits.standaloneSockets },
);

test(
  'ends who has made a request there, and waits (A29)',
  async () => {
    const { port, stop, over } = await webSocketDrain({ mode: 'standalone' });
    const { socket, ending } = await connect(port);
    socket.write(get('/'));
    await once(socket, 'data');
    stop.abort();
    assert.match((await ending).text, /^HTTP\/1\.1 426 /);
    assert.deepEqual(countsOf(await over()), [1, 0]);
  },
  { cannot: limits.standaloneSockets },
);

test(
  'gives half a request there until grace (A33)',
  async () => {
    const { port, stop, over } = await webSocketDrain({ mode: 'standalone', grace: 300 });
    const { socket, ending } = await connect(port);
    const { localPort } = socket;
    socket.write('GET / HTTP/1.1\r\nHost: loc');
    await turns(5);
    stop.abort();
    await ending;
    const report = await over();
    assert.deepEqual(countsOf(report), [0, 1]);
    assert.equal(report.stragglers[0]?.remotePort, localPort);
  },
  { cannot: limits.standaloneSockets },
);

test(
  'knows those of its port from those of another server in the process',
  async () => {
    const { port, stop, over } = await webSocketDrain({ mode: 'standalone', idle: 300 });
    const other = await listening(createServer());
    const [ours, theirs] = [await connect(port), await connect(other)];
    await turns(5);
    stop.abort();
    await ours.ending;
    assert.deepEqual(countsOf(await over()), [1, 0]);
    theirs.socket.destroy();
    await closeServer(other);
  },
  { cannot: limits.standaloneSockets },
);

test('leaves those alone that its successor on the same port accepts meanwhile', async () => {
  const { server, port, client, stop, over } = await webSocketDrain({
    mode: 'standalone',
    idle: 0,
    grace: 400,
  });
  const { webSocket, code } = await client();
  webSocket.pause();
  stop.abort();
  await until(() => server.address() === null);
  const successor = createServer().listen(port, '127.0.0.1');
  await once(successor, 'listening');
  const { socket, ending } = await connect(port);
  assert.deepEqual(countsOf(await over()), [0, 1]);
  assert.equal(await code, 1001);
  assert.equal(socket.destroyed, false);
  socket.destroy();
  await ending;
  await closeServer(successor);
});

test.run();
