import assert from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import { acceptLoop, serve } from 'accept-loop';
import { limits } from '../support/limits.ts';
import { assertReport, assertStats } from '../support/report.ts';
import { connectionsOf } from '../support/scene.ts';
import { connect, listening } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import {
  first,
  meetOwners,
  type Owned,
  second,
  served,
  Told,
  words,
} from '../support/throwing-owners.ts';
import { until } from '../support/turns.ts';
import { collectWarnings } from '../support/warnings.ts';

const test = suite("an owner's method or getter that throws");

const ofSockets = words(
  'on once off destroy end unpipe resume pause destroyed remoteAddress closed writableFinished ' +
    'readableEnded errored listenerCount removeAllListeners iterator readableFlowing writableEnded ' +
    'allowHalfOpen pending connecting remotePort remoteFamily resetAndDestroy destroySoon',
);
const ofHandshakes = words('on off destroy destroyed remoteAddress closed');
const ofHttpSockets = words(
  'on once off destroy destroySoon destroyed remoteAddress closed errored bytesRead bytesWritten ' +
    'end write pending connecting remotePort alpnProtocol encrypted isPaused pause resume',
);
const ofRequests = words(
  'on once off prependOnceListener socket complete headers rawHeaders errored resume readableEnded readableDidRead readableLength url',
);
const ofAllResponses = words(
  'on off writeHead end headersSent getHeaderNames writableEnded writableFinished errored',
);
const ofResponses = [...ofAllResponses, ...words('destroyed closed getHeader shouldKeepAlive')];
const ofSessions = words(
  'on off prependListener socket close goaway ping destroy destroyed closed',
);
const ofStreams = words('on destroy destroyed rstCode session writableEnded');
const ofWebSockets = words('on off close terminate readyState pause resume bufferedAmount');

const { net, tls, http, http2, ws } = served;

const everyOwned: Readonly<Record<string, Owned>> = {
  'a socket': { ...net, pick: first, names: ofSockets },
  'a TLS socket': { ...tls, pick: first, names: ofSockets },
  'a socket under TLS': { ...tls, event: 'connection', pick: first, names: ofHandshakes },
  'a socket under HTTP': { ...http, event: 'connection', pick: first, names: ofHttpSockets },
  'a request': { ...http, pick: first, names: ofRequests },
  'a response': { ...http, pick: second, names: ofResponses },
  'an HTTP/2 session': { ...http2, event: 'session', pick: first, names: ofSessions },
  'an HTTP/2 stream': { ...http2, event: 'stream', pick: first, names: ofStreams },
  'a response of HTTP/2': { ...http2, pick: second, names: [...ofAllResponses, 'stream'] },
  'a WebSocket': { ...ws, pick: first, names: ofWebSockets },
};

const told = new Told();
test.before(() => told.begin());
test.after(() => told.end());

for (const [name, owned] of Object.entries(everyOwned)) {
  const title = `costs the connection alone, and is told of: ${name}`;
  const cannot = owned.kind === 'h2c' ? limits.goawayMeetsStream : [];
  test(title, () => meetOwners(name, owned, told), { cannot });
}

for (const [name, accept] of Object.entries({
  serve(server: Server) {
    const serving = serve(server, () => {});
    return () => serving.stop();
  },
  acceptLoop(server: Server) {
    const loop = acceptLoop(server);
    return () => loop.return();
  },
  'acceptLoop with an event': (server: Server) => {
    const loop = acceptLoop(server, { event: 'connection' });
    return () => loop.return();
  },
})) {
  test(`ends the connection whose on() throws before it is guarded: ${name}`, async () => {
    const server = await listening(createServer());
    server.on('connection', (socket) => {
      socket.on = (): never => {
        throw new Error('on() throws before');
      };
    });
    const end = accept(server);
    const { ending } = await connect(server);
    await ending;
    await until(() => told.has('on() throws before'));
    assert.equal(await connectionsOf(server), 0);
    await end();
  });
}

function failsOff(): never {
  throw new Error('off() throws');
}

test('counts a connection once whose off() throws as it leaves the queue', async () => {
  const { warnings, stopCollecting } = collectWarnings();
  const server = await listening(createServer());
  const sockets: Socket[] = [];
  server.on('connection', (socket) => {
    sockets.push(socket);
    if (sockets.length > 2) Object.assign(socket, { off: failsOff });
  });
  const ends = new Map<Socket, () => void>();
  const handler = (socket: Socket): Promise<void> =>
    new Promise((resolve) => ends.set(socket, resolve));
  const serving = serve(server, handler, { concurrency: 2, grace: 0 });
  const clients = [];
  for (let count = 0; count < 4; count += 1) clients.push(await connect(server));
  await until(() => serving.stats.queued === 2);
  // The first of those that waited is behind the other in the list of those that run.
  ends.get(sockets[0] as Socket)?.();
  await until(() => ends.size === 3);
  const closed = new Promise((resolve) => sockets[2]?.on('close', resolve));
  clients[2]?.socket.resetAndDestroy();
  await closed;
  assertStats(serving.stats);
  assert.deepEqual(
    { lost: serving.stats.lost, active: serving.stats.active },
    { lost: 0, active: 2 },
  );
  const report = await serving.stop();
  stopCollecting();
  assertReport(report);
  // Its one listener stays, and no off() is called.
  assert.deepEqual(warnings, []);
  for (const { socket } of clients) socket.destroy();
});

test('counts a connection once whose off() throws as a loop hands it out', async () => {
  const { warnings, stopCollecting } = collectWarnings();
  const server = await listening(createServer());
  server.on('connection', (socket) => Object.assign(socket, { off: failsOff }));
  const loop = acceptLoop(server);
  const { socket } = await connect(server);
  await until(() => loop.stats.queued === 1);
  const { value } = await loop.next();
  const closed = new Promise((resolve) => value?.on('close', resolve));
  socket.resetAndDestroy();
  await closed;
  const { accepted, yielded, lost } = loop.stats;
  assert.deepEqual({ accepted, yielded, lost }, { accepted: 1, yielded: 1, lost: 0 });
  await loop.return();
  stopCollecting();
  assert.match(String(warnings[0]), /off\(\) throws/);
});

test.run();
