import assert from 'node:assert/strict';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type HttpKind, httpKinds, type RawClient, say } from '../../support/http-kinds.ts';
import { saysClose } from '../../support/http-messages.ts';
import { versions } from '../../support/http-versions.ts';
import { gate } from '../../support/scene.ts';
import { assertCounts } from '../../support/serve-counts.ts';
import { serveScene } from '../../support/serve-scene.ts';
import { listening } from '../../support/sockets.ts';
import { suite } from '../../support/suite.ts';
import { until } from '../../support/turns.ts';

const test = suite('serve of a client that writes another HTTP version');

type Exchange = [request: IncomingMessage, response: ServerResponse];

/** Those that a bare server of the kind lets through: they are the runtime's choice. */
async function versionsOf(kind: HttpKind): Promise<string[]> {
  const unbound = kind.create();
  unbound.on('request', (_, response) => response.end());
  const server = await listening(unbound);
  const all = [...versions, 'HTTP/1.1'];
  const asked = all.map((version) => get(server, kind, '/', version).ending);
  const answers = await Promise.all(asked);
  await new Promise((resolve) => server.close(resolve));
  return all.filter((_, index) => answers[index]?.text.startsWith('HTTP/1.1 200 '));
}

function get(server: Server, { isSecure }: HttpKind, path: string, version: string): RawClient {
  const words = `GET ${path} ${version}\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
  return say(server, isSecure, words);
}

for (const [name, kind] of Object.entries(httpKinds)) {
  for (const way of ['throws', 'rejects'] as const) {
    test(`answers 500 over ${name} when the handler ${way}`, async () => {
      const through = await versionsOf(kind);
      const failure = new Error('broken');
      const errors: unknown[] = [];
      const handler = ([{ url }, response]: Exchange): unknown => {
        if (url === '/next') return response.end('served');
        response.setHeader('set-cookie', 'a=1');
        if (way === 'throws') throw failure;
        return Promise.reject(failure);
      };
      const { server, end } = await serveScene(kind.create(), handler, {
        onError: (error) => errors.push(error),
      });
      const asked = through.map((version) => get(server, kind, '/', version).ending);
      for (const { text, by } of await Promise.all(asked)) {
        assert.match(text, /^HTTP\/1\.1 500 Internal Server Error\r\n/);
        assert.doesNotMatch(text, /set-cookie/i);
        assert.equal(by, 'end');
      }
      assert.match((await get(server, kind, '/next', 'HTTP/1.1').ending).text, /served$/);
      const { length } = through;
      assertCounts(await end(), { accepted: length + 1, completed: 1, failed: length });
      assert.deepEqual(
        errors,
        through.map(() => failure),
      );
    });
  }

  test(`destroys the connection over ${name} when the handler fails in the middle`, async () => {
    const through = await versionsOf(kind);
    const { server, end } = await serveScene(
      kind.create(),
      async ([, response]: Exchange) => {
        response.writeHead(200, { 'content-length': 100 });
        await new Promise<void>((resolve) => void response.write('half', () => resolve()));
        throw new Error('broken in the middle');
      },
      { onError() {} },
    );
    const asked = through.map((version) => get(server, kind, '/', version).ending);
    for (const { text } of await Promise.all(asked))
      assert.match(text, /^HTTP\/1\.1 200 [^]*half$/);
    const { length } = through;
    assertCounts(await end(), { accepted: length, failed: length });
  });

  test(`queues it over ${name} in order of arrival, and sheds what is too much`, async () => {
    const through = await versionsOf(kind);
    const { opened, open } = gate();
    const order: string[] = [];
    const { server, serving, end } = await serveScene(
      kind.create(),
      async ([{ httpVersion }, response]: Exchange) => {
        order.push(`HTTP/${httpVersion}`);
        await opened;
        response.end('served');
      },
      { concurrency: 1, maxQueued: through.length - 1 },
    );
    const served: RawClient[] = [];
    for (const version of through) {
      served.push(get(server, kind, '/', version));
      await until(() => serving.stats.accepted === served.length);
    }
    const shed = through.map((version) => get(server, kind, '/', version).ending);
    for (const { text, by } of await Promise.all(shed)) {
      assert.match(text, /^HTTP\/1\.1 503 [^]*retry-after: \d+\r\n/i);
      assert.ok(saysClose(text));
      assert.equal(by, 'end');
    }
    open();
    for (const { ending } of served) assert.match((await ending).text, / 200 OK\r\n[^]*served$/);
    assert.deepEqual(order, through);
    const { length } = through;
    assertCounts(await end(), { accepted: 2 * length, completed: length, shed: length });
  });

  test(`sheds it over ${name} when nothing may wait`, async () => {
    const through = await versionsOf(kind);
    const { opened, open } = gate();
    const { server, serving, end } = await serveScene(
      kind.create(),
      async ([, response]: Exchange) => {
        await opened;
        response.end('served');
      },
      { concurrency: 1, maxQueued: 0 },
    );
    const first = get(server, kind, '/', through[0] ?? '');
    await until(() => serving.stats.active === 1);
    const shed = through.map((version) => get(server, kind, '/', version).ending);
    for (const { text } of await Promise.all(shed)) assert.match(text, /^HTTP\/1\.1 503 /);
    open();
    assert.match((await first.ending).text, /served$/);
    const { length } = through;
    assertCounts(await end(), { accepted: length + 1, completed: 1, shed: length });
  });
}

test.run();
