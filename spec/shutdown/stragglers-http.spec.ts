import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect as connectSocket, type Server, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import type { Straggler } from 'accept-loop';
import { certificate } from '../support/certificate.ts';
import { get, post, upgrade } from '../support/http-messages.ts';
import { type Limit, limits } from '../support/limits.ts';
import { connect, portOf } from '../support/sockets.ts';
import {
  assertListed,
  drainRequests,
  serveEvent,
  serveRequests,
} from '../support/straggler-scene.ts';
import { suite } from '../support/suite.ts';
import { until } from '../support/turns.ts';

const test = suite('stragglers of HTTP/1');

const servers: Readonly<Record<string, () => Server>> = {
  http: () => createServer(),
  https: () => createSecureServer(certificate),
};

/** A client that has connected, and shaken hands if need be. */
async function open(name: string, server: Server): Promise<Socket> {
  const isSecure = name === 'https';
  const where = { port: portOf(server), host: '127.0.0.1', ca: certificate.cert };
  const client = isSecure ? connectSecure(where) : connectSocket(where);
  client.on('error', () => {}).resume();
  await once(client, isSecure ? 'secureConnect' : 'connect');
  return client;
}

/** Waits until the server has read so much of the next client. */
async function hasRead(name: string, server: Server, length: number): Promise<void> {
  const accepting = once(server, name === 'https' ? 'secureConnection' : 'connection');
  const [accepted] = (await accepting) as [Socket];
  await until(() => accepted.bytesRead >= length);
}

const CONNECT = 'CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n';

interface Case {
  readonly title: string;
  readonly text: string;
  /** How many requests that are handed to a handler. */
  readonly requests: number;
  readonly kind: Straggler['kind'];
  readonly line?: Pick<Straggler, 'method' | 'url'>;
  readonly cannot?: Limit;
}

const cannot = limits.httpNewcomers;

const cases: readonly Case[] = [
  {
    title: '20 pipelined requests',
    text: get('/asked?secret') + get('/').repeat(19),
    requests: 20,
    kind: 'request',
    line: { method: 'GET', url: '/asked' },
  },
  {
    title: 'half an upload',
    text: `${post('/upload?secret', 100)}half`,
    requests: 1,
    kind: 'request',
    line: { method: 'POST', url: '/upload' },
  },
  { title: 'half a head', text: 'GET / HT', requests: 0, kind: 'request', cannot },
  { title: 'an upgraded socket', text: upgrade('/'), requests: 0, kind: 'upgrade' },
  { title: 'a silent connection', text: '', requests: 0, kind: 'connection', cannot },
];

for (const [name, create] of Object.entries(servers)) {
  for (const [way, begin] of Object.entries({ serve: serveRequests, drain: drainRequests })) {
    for (const { title, text, requests, kind, line, ...options } of cases) {
      test(
        `list ${title} once, as ${kind} (${way}, ${name})`,
        async () => {
          let upgrades = 0;
          const unbound = create().on('upgrade', () => (upgrades += 1));
          const { server, asked, end } = await begin(unbound);
          const isHandedOn = requests > 0 || kind === 'upgrade';
          const arrived = isHandedOn ? undefined : hasRead(name, server, text.length);
          const client = await open(name, server);
          client.write(text);
          await arrived;
          await asked(requests);
          if (kind === 'upgrade') await until(() => upgrades === 1);
          const { localPort } = client;
          const report = await end();
          assertListed(report, kind, [localPort], line);
          assert.equal(report.forced, way === 'drain' ? 1 : requests);
        },
        options,
      );
    }
  }

  for (const event of ['upgrade', 'connect']) {
    test(`list a socket that was served by '${event}' as upgrade (${name})`, async () => {
      const { server, asked, end } = await serveEvent(event)(create());
      const client = await open(name, server);
      client.write(event === 'upgrade' ? upgrade('/talk?secret') : CONNECT);
      await asked(1);
      const { localPort } = client;
      const report = await end();
      const line =
        event === 'upgrade'
          ? { method: 'GET', url: '/talk' }
          : { method: 'CONNECT', url: 'localhost:80' };
      assertListed(report, 'upgrade', [localPort], line);
      assert.equal(report.forced, 1);
    });
  }
}

for (const [way, begin] of Object.entries({ serve: serveRequests, drain: drainRequests })) {
  test(
    `list a TLS handshake as handshake (${way})`,
    async () => {
      const { server, end } = await begin(createSecureServer(certificate));
      const accepting = once(server, 'connection');
      const { socket, ending } = await connect(server);
      await accepting;
      const { localPort } = socket;
      const report = await end();
      assertListed(report, 'handshake', [localPort]);
      assert.equal(report.forced, way === 'drain' ? 1 : 0);
      await ending;
    },
    { cannot },
  );
}

test.run();
