import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { RequestListener } from 'node:http';
import type { Server, Socket } from 'node:net';
import type { OpenConnection } from 'accept-loop';
import { certificate } from '../support/certificate.ts';
import { cpuTime } from '../support/cpu-time.ts';
import { drainScene } from '../support/drain-scene.ts';
import { get, post, upgrade } from '../support/http-messages.ts';
import { type Limit, limits } from '../support/limits.ts';
import { BIG } from '../support/never-read.ts';
import { openOf } from '../support/open-clients.ts';
import { serveScene } from '../support/serve-scene.ts';
import { type Client, connect, connectTls } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { until } from '../support/turns.ts';

const test = suite('open() of HTTP/1');

const servers = {
  http: { create: () => createServer(), open: (server: Server) => connect(server) },
  https: {
    create: () => createSecureServer(certificate),
    open: (server: Server): Promise<Client> => connectTls(server),
  },
};

interface Scene {
  readonly server: Server;
  readonly open: () => OpenConnection[];
  readonly end: () => Promise<unknown>;
}

/** Answers `/big`, `/answered` and nothing else. */
const handler: RequestListener = ({ url }, response) => {
  if (url === '/answered') response.end('answer');
  if (url === '/big') response.end(BIG);
};

const options = { grace: 0, idle: 10_000 };

const ways: Readonly<Record<string, (unbound: Server) => Promise<Scene>>> = {
  async serve(unbound) {
    const { server, serving, end } = await serveScene(
      unbound as ReturnType<typeof createServer>,
      ([request, response]) => handler(request, response as Parameters<RequestListener>[1]),
      options,
    );
    return { server, open: () => serving.open(), end };
  },
  async drain(unbound) {
    const { server, drained, end } = await drainScene(unbound.on('request', handler), options);
    return { server, open: () => drained.open(), end };
  },
};

interface Case {
  readonly title: string;
  readonly text: string;
  readonly expected: Omit<OpenConnection, 'age' | 'remoteAddress' | 'remotePort'>;
  /** Reads nothing. */
  readonly isDeaf?: boolean;
  readonly cannot?: Limit;
}

const cannot = limits.httpNewcomers;

const cases: readonly Case[] = [
  { title: 'has said nothing', text: '', expected: { kind: 'connection', state: 'idle' }, cannot },
  {
    title: 'has sent half a head',
    text: 'GET /half HT',
    expected: { kind: 'request', state: 'half a request' },
    cannot,
  },
  {
    title: 'waits for an answer',
    text: get('/asked?secret'),
    expected: { kind: 'request', state: 'running', method: 'GET', url: '/asked' },
  },
  {
    title: 'waits for the second of three answers',
    text: get('/answered') + get('/asked') + get('/answered'),
    expected: { kind: 'request', state: 'running', method: 'GET', url: '/asked' },
  },
  {
    title: 'is idle',
    text: get('/answered'),
    expected: { kind: 'connection', state: 'idle' },
  },
  {
    title: 'does not read its answer',
    text: get('/big'),
    isDeaf: true,
    expected: { kind: 'request', state: 'flushing', method: 'GET', url: '/big' },
  },
  {
    title: 'has its answer, and still uploads',
    text: `${post('/answered', 100)}half`,
    expected: { kind: 'request', state: 'half a request', method: 'POST', url: '/answered' },
  },
  {
    title: 'has left HTTP',
    text: upgrade('/talk'),
    expected: { kind: 'upgrade', state: 'upgraded' },
  },
];

for (const [name, { create, open }] of Object.entries(servers)) {
  for (const [way, begin] of Object.entries(ways)) {
    for (const { title, text, expected, isDeaf, ...test_ } of cases) {
      test(
        `tells of a client that ${title} (${way}, ${name})`,
        async () => {
          const upgraded: Socket[] = [];
          const unbound = create().on('upgrade', (_, socket: Socket) => upgraded.push(socket));
          const scene = await begin(unbound);
          const client = await open(scene.server);
          const { localPort } = client.socket;
          if (isDeaf) client.socket.pause();
          client.socket.write(text);
          if (expected.state === 'idle' && text) await once(client.socket, 'data');
          await until(() => scene.open()[0]?.state === expected.state);
          assert.deepEqual(openOf(scene.open(), [localPort]), [expected]);
          await scene.end();
          // Deno does not tell each client of TLS that it was destroyed.
          client.socket.destroy();
          await client.ending;
          assert.deepEqual(scene.open(), []);
        },
        test_,
      );
    }
  }
}

for (const [way, begin] of Object.entries(ways)) {
  test(`lists ten thousand pipelined requests of a client once (${way})`, async () => {
    const count = 10_000;
    let asked = 0;
    const scene = await begin(createServer().on('request', () => (asked += 1)));
    const { socket, ending } = await connect(scene.server);
    const { localPort } = socket;
    for (let part = 0; part < 10; part += 1) socket.write(get('/asked').repeat(count / 10));
    await until(() => asked === count);
    const elapsed = cpuTime(() => scene.open());
    assert.deepEqual(openOf(scene.open(), [localPort]), [
      { kind: 'request', state: 'running', method: 'GET', url: '/asked' },
    ]);
    assert.ok(elapsed < 500, `${elapsed} ms`);
    await scene.end();
    await ending;
  });
}

test.run();
