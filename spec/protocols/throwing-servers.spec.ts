import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { acceptLoop, drain, serve } from 'accept-loop';
import { WebSocketServer } from 'ws';
import { listenersOn } from '../support/listeners.ts';
import { gate } from '../support/scene.ts';
import { listening, readToEnd } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { Told } from '../support/throwing-owners.ts';
import { meetServers } from '../support/throwing-servers.ts';

const test = suite("a server's method or getter that throws", { timeout: 20_000 });

const ofEmitters = ['on', 'off', 'prependListener', 'listenerCount', 'close'];
const ofServers = [...ofEmitters, 'listening', 'getConnections'];
const ofHttp = [
  ...ofServers,
  'closeIdleConnections',
  'closeAllConnections',
  'headersTimeout',
  'requestTimeout',
];
const ofWebSockets = [...ofEmitters, 'address', 'clients', 'options'];

const told = new Told();
test.before(() => told.begin());
test.after(() => told.end());

for (const [kind, names] of Object.entries({
  net: ofServers,
  tls: ofServers,
  http: ofHttp,
  https: ofHttp,
  h2c: ofServers,
  h2: ofServers,
  'HTTP/1 beside h2': ofServers,
  'a WebSocketServer on http': ofWebSockets,
  'a WebSocketServer with a port': ofWebSockets,
})) {
  test(`costs that server alone, and is told of: ${kind}`, () => meetServers(kind, names, told));
}

function fails(): Promise<never> {
  return Promise.reject(new Error('rejects'));
}

/** With a `close()` of its owner's that does its work, and rejects. */
function withAsyncClose(server: Server): Server {
  const close = server.close.bind(server);
  return Object.assign(server, {
    close() {
      close();
      return fails();
    },
  });
}

for (const [what, make, act] of [
  ['drain of a server', () => createServer(), drain],
  ['serve of a server', () => createServer(), (server: Server) => serve(server, () => {}).stop()],
  [
    'serve of an emitter',
    () => Object.assign(new EventEmitter(), { close() {} }) as unknown as Server,
    (emitter: EventEmitter) => serve(emitter, () => {}, { event: 'thing' }).stop(),
  ],
] as const) {
  test(`is warned of when an async close() rejects: ${what}`, async () => {
    const server = withAsyncClose(make());
    if ('listen' in server) await listening(server);
    const warned = once(process, 'warning');
    await act(server);
    assert.equal(((await warned) as [Error])[0].message, 'rejects');
  });
}

/** Uses of a server to their end. */
const uses = {
  serve: (server: Server) => serve(server, () => {}).stop(),
  acceptLoop: (server: Server) => acceptLoop(server).return(),
};
for (const [name, use] of Object.entries(uses)) {
  test(`refuses clients after the end as long as close() has not closed: ${name}`, async () => {
    const server = await listening(createServer());
    const before = listenersOn(server);
    const close = server.close.bind(server);
    const { opened, open } = gate();
    Object.assign(server, { close: () => opened.then(() => void close()) });
    await use(server);
    assert.equal(server.listening, true);
    const { by } = await readToEnd(server);
    // On Bun, a reset looks like an end.
    assert.match(by, /^(ECONNRESET|end)$/);
    open();
    await once(server, 'close');
    assert.deepEqual(listenersOn(server), before);
  });

  test(`serves again a server that ${name}, and its own close(), have left listening`, async () => {
    const server = await listening(createServer());
    const close = server.close.bind(server);
    Object.assign(server, { close() {} });
    await use(server);
    Object.assign(server, { close });
    const serving = serve(server, async (socket) => void socket.end('served'));
    assert.equal((await readToEnd(server)).text, 'served');
    assert.equal((await serving.stop()).completed, 1);
  });
}

for (const ending of ['end', 'disconnect', 'terminate', 'destroy']) {
  test(`is warned of when an async ${ending}() of what an event brings rejects`, async () => {
    const emitter = new EventEmitter();
    const thing = Object.assign(new EventEmitter(), { [ending]: fails });
    const serving = serve(emitter, async () => {}, { event: 'thing' });
    const warned = once(process, 'warning');
    emitter.emit('thing', thing);
    assert.equal(((await warned) as [Error])[0].message, 'rejects');
    await serving.stop({ grace: 0 });
  });
}

test('is warned of when the close() of an attached server throws, and its host is closed', async () => {
  const http = await listening(createHttpServer());
  const server = new WebSocketServer({ server: http });
  server.close = (): never => {
    throw new Error('not to be closed');
  };
  const { finished } = serve(server, () => {}, { grace: 500 });
  const warned = once(process, 'warning');
  // What is closed by somebody else is noticed by a timer that holds no process.
  const awake = setInterval(() => {}, 1000);
  http.close();
  assert.equal(((await warned) as [Error])[0].message, 'not to be closed');
  await finished;
  clearInterval(awake);
});

test.run();
