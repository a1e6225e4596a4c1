import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import type { Server } from 'node:net';
import { SLICE_MS } from '../../lib/bounds.ts';
import { http2Servers, openSession } from '../support/drain-http2.ts';
import { ask, eventModes } from '../support/http2-events.ts';
import { FrameClient } from '../support/http2-frames.ts';
import {
  assertListed,
  drainRequests,
  serveEvent,
  serveRequests,
} from '../support/straggler-scene.ts';
import { eventScene } from '../support/serve-scene.ts';
import { suite } from '../support/suite.ts';
import { stall, until } from '../support/turns.ts';

const test = suite('stragglers of HTTP/2');

const ways = {
  serve: serveRequests,
  drain: drainRequests,
  'serve of streams': serveEvent('stream'),
};

const crowds = [
  { sessions: 50, streams: 1, servers: ['h2c', 'h2'] },
  { sessions: 1, streams: 10, servers: Object.keys(http2Servers) },
  { sessions: 1, streams: 1000, servers: ['h2c'] },
];

async function open(server: Server, scheme: 'http' | 'https'): Promise<FrameClient> {
  const client = new FrameClient(server, scheme);
  await once(client.socket, scheme === 'https' ? 'secureConnect' : 'connect');
  return client;
}

for (const [name, { scheme, create }] of Object.entries(http2Servers)) {
  for (const [way, begin] of Object.entries(ways)) {
    for (const { sessions, streams } of crowds.filter(({ servers }) => servers.includes(name))) {
      test(`are requests, and each client once: ${sessions} with ${streams} (${way}, ${name})`, async () => {
        const { server, asked, end } = await begin(create() as Server);
        const clients: FrameClient[] = [];
        for (let count = 0; count < sessions; count += 1) {
          const client = await open(server, scheme);
          for (let stream = 0; stream < streams; stream += 1)
            client.request(2 * stream + 1, '/asked?secret');
          clients.push(client);
        }
        await asked(sessions * streams);
        const ports = clients.map(({ socket }) => socket.localPort);
        const report = await end();
        for (const { closed } of clients) await closed;
        assertListed(report, 'request', ports, { method: 'GET', url: '/asked' });
        assert.equal(report.forced, way === 'drain' ? sessions : sessions * streams);
      });
    }

    test(`are connections where nothing was asked (${way}, ${name})`, async () => {
      const { server, end } = await begin(create() as Server);
      const clients = [await open(server, scheme), await open(server, scheme)];
      for (const client of clients) await client.frame(() => true);
      const ports = clients.map(({ socket }) => socket.localPort);
      const report = await end();
      for (const { closed } of clients) await closed;
      assertListed(report, 'connection', ports);
      assert.equal(report.forced, way === 'drain' ? clients.length : 0);
    });
  }
}

test('lists a session once that ends while the streams of another are ended', async () => {
  const sessions = new Set<Http2Session>();
  const unbound = createServer().on('session', (session) => sessions.add(session));
  const { server, serving, end } = await eventScene<[ServerHttp2Stream]>(
    unbound,
    async ([{ session }], { signal }) => {
      await new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          for (const other of sessions) if (other !== session) other.destroy();
          // Each takes more than a slice, so that the loop turns before the next.
          stall(2 * SLICE_MS);
          resolve(undefined);
        });
      });
    },
    { event: 'stream', grace: 100 },
  );
  const clients = [await open(server, 'http'), await open(server, 'http')];
  for (const client of clients) for (const id of [1, 3]) client.request(id, '/asked');
  await until(() => serving.stats.active === 4);
  const { stragglers, forced } = await end();
  for (const { closed } of clients) await closed;
  assert.deepEqual([stragglers.length, forced], [2, 4], JSON.stringify(stragglers));
});

for (const mode of eventModes.filter(({ event }) => event !== 'stream')) {
  test(`have the address of their session (${mode.title})`, async () => {
    const unbound = mode.create();
    // Without an owner that answers requests, Node makes no 'connect'.
    if (mode.event === 'connect') unbound.on('request', () => {});
    const { server, asked, end } = await serveEvent(mode.event)(unbound);
    const { session, closed } = await openSession(server, mode.scheme);
    const { localPort } = session.socket;
    const { outcome } = ask(session, mode);
    await asked(1);
    const report = await end();
    await Promise.all([outcome, closed]);
    const clients = report.stragglers.map((each) => [each.remoteAddress, each.remotePort]);
    assert.deepEqual(clients, [['127.0.0.1', localPort]]);
    assert.equal(report.forced, 1);
  });
}

test.run();
