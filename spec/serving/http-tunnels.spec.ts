import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { ServeReport } from 'accept-loop';
import { eventScene } from '../support/serve-scene.ts';
import { limits } from '../support/limits.ts';
import { gate } from '../support/scene.ts';
import { refuses } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { until } from '../support/turns.ts';
import { type Tunnel, type TunnelMode, tunnelModes, WELCOME } from '../support/tunnels.ts';

const test = suite('serve of HTTP tunnels');

type Ported = { readonly remotePort: number | undefined };

const byPort = (one: Ported, other: Ported): number =>
  (one.remotePort ?? 0) - (other.remotePort ?? 0);

const failure = new Error('a bug');
const long = 'whole '.repeat(100_000);

interface Case {
  readonly title: string;
  /** @param begun - Resolves when the client has read the beginning. */
  readonly settle: (socket: Duplex, begun: Promise<void>) => unknown;
  /** What the client has when it is over, behind the beginning. */
  readonly text: string;
  readonly count: 'completed' | 'failed' | 'forced';
}

const cases: readonly Case[] = [
  {
    title: 'lets arrive what a handler has written that resolves',
    settle: (socket) => void socket.write(long),
    text: long,
    count: 'completed',
  },
  {
    title: 'destroys the socket of a handler that fails',
    async settle(_, begun) {
      await begun;
      throw failure;
    },
    text: '',
    count: 'failed',
  },
  {
    title: 'destroys at grace the socket of a handler that goes on',
    settle: () => new Promise(() => {}),
    text: '',
    count: 'forced',
  },
];

/** Two clients have asked for a tunnel. One is served, the other waits for a slot. */
async function servedAndWaiting(mode: TunnelMode, request = mode.hello) {
  const { serving, server, end } = await eventScene<Tunnel>(
    mode.create(),
    () => new Promise(() => {}),
    { event: mode.event, concurrency: 1, grace: 100 },
  );
  const clients = [await mode.open(server), await mode.open(server)];
  for (const { socket } of clients) socket.write(request);
  await until(() => serving.stats.active === 1 && serving.stats.queued === 1);
  return { clients, end };
}

for (const mode of tunnelModes) {
  const { event, title: which, hello } = mode;
  for (const { title, settle, text, count } of cases) {
    test(`${title} (${which})`, async () => {
      const { opened, open } = gate();
      const { server, errors, stop, over } = await eventScene<Tunnel>(
        mode.create(),
        async ([, socket]) => {
          socket.write(WELCOME);
          await settle(socket, opened);
        },
        { event, grace: count === 'forced' ? 100 : Infinity },
      );
      const { socket, ending } = await mode.open(server);
      // Nobody reads what follows.
      socket.write(hello + 'x'.repeat(100_000));
      await once(socket, 'data');
      open();
      if (count === 'forced') stop.abort();
      const end = await ending;
      assert.equal(end.text, WELCOME + text);
      if (count === 'completed') assert.equal(end.by, 'end');
      stop.abort();
      const report: ServeReport = await over();
      assert.equal(report.accepted, 1);
      assert.equal(report[count], 1);
      assert.deepEqual(errors, count === 'failed' ? [failure] : []);
    });
  }

  test(`hands over the bytes behind the head (${which})`, async () => {
    const heads: string[] = [];
    const { server, end } = await eventScene<Tunnel>(
      mode.create(),
      async ([, socket, head]) => {
        socket.write(WELCOME);
        let text = String(head);
        for await (const chunk of socket) {
          text += String(chunk);
          if (text.endsWith('.')) break;
        }
        heads.push(text);
        socket.write(text);
      },
      { event },
    );
    const { socket, ending } = await mode.open(server);
    socket.write(`${hello}first `);
    await once(socket, 'data');
    socket.write('second.');
    const { text, by } = await ending;
    assert.equal(text, `${WELCOME}first second.`);
    assert.equal(by, 'end');
    assert.equal((await end()).completed, 1);
  });

  test(`resets at grace a tunnel that waits for a slot (${which})`, async () => {
    const { clients, end } = await servedAndWaiting(mode);
    const { forced, discarded } = await end();
    assert.deepEqual([forced, discarded], [1, 1]);
    for (const { ending } of clients) assert.equal((await ending).text, '');
  });

  if (event === 'upgrade') {
    test(`lists the client of a tunnel whose request has half a body (${which})`, async () => {
      const request = hello.replace('\r\n\r\n', '\r\nContent-Length: 9\r\n\r\nhalf');
      const { clients, end } = await servedAndWaiting(mode, request);
      const ports = clients.map(({ socket }) => socket.localPort);
      const { stragglers } = await end();
      for (const { ending } of clients) await ending;
      assert.deepEqual(
        stragglers.map(({ kind, remotePort }) => ({ kind, remotePort })).toSorted(byPort),
        ports.map((remotePort) => ({ kind: 'upgrade', remotePort })).toSorted(byPort),
      );
    });
  }

  test(
    `serves a tunnel that begins in the idle window (${which})`,
    async () => {
      const { server, stop, over } = await eventScene<Tunnel>(
        mode.create((request, response) => void response.end(request.url)),
        async ([, socket], { draining }) => {
          socket.end(`${WELCOME}draining: ${draining.aborted}`);
        },
        { event, idle: 500 },
      );
      const { socket, ending } = await mode.open(server);
      socket.write('GET /first HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await once(socket, 'data');
      stop.abort();
      await refuses(server);
      socket.write(hello);
      assert.match((await ending).text, /\/first[^]*draining: true$/);
      const { accepted, completed } = await over();
      assert.deepEqual({ accepted, completed }, { accepted: 1, completed: 1 });
    },
    { cannot: limits.idleAfterClose },
  );
}

test.run();
