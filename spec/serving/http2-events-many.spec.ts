import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import {
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Server, Socket } from 'node:net';
import { certificate } from '../support/certificate.ts';
import { openSession } from '../support/drain-http2.ts';
import { eventScene } from '../support/serve-scene.ts';
import { ask, askForStream, eventModes, streamScene } from '../support/http2-events.ts';
import { REFUSED_STREAM } from '../support/http2-frames.ts';
import { limits } from '../support/limits.ts';
import { gate } from '../support/scene.ts';
import { connectTls } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { hellos } from '../support/tunnels.ts';
import { until, untilAborted } from '../support/turns.ts';

const test = suite('serve of many HTTP/2 clients by event');

const STREAMS = 100;

function answer(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200 });
  stream.end('whole');
}

const whole = { body: 'whole', code: 0, isWhole: true };

for (const mode of eventModes) {
  const isSession = mode.event === 'session';

  test(`answers ${STREAMS} streams of one session (${mode.title})`, async () => {
    const scene = isSession
      ? await eventScene<[ServerHttp2Session]>(mode.create(), serveSession, { event: 'session' })
      : await streamScene(mode, answer);
    const { session, closed } = await openSession(scene.server, mode.scheme);
    const asked = Array.from({ length: STREAMS }, () => ask(session, mode).outcome);
    for (const outcome of await Promise.all(asked)) assert.deepEqual(outcome, whole);
    const { completed, accepted, stragglers } = await scene.end();
    await closed;
    assert.deepEqual([accepted, completed], isSession ? [1, 1] : [STREAMS, STREAMS]);
    assert.deepEqual(stragglers, []);
  });

  test(`ends sessions that have made no stream, and says so (${mode.title})`, async () => {
    const scene = isSession
      ? await eventScene(mode.create(), (_, { draining }) => untilAborted(draining), {
          event: 'session',
        })
      : await streamScene(mode, answer);
    const clients = [];
    for (let count = 0; count < 3; count += 1) {
      clients.push(await openSession(scene.server, mode.scheme));
    }
    const { forced, stragglers } = await scene.end();
    for (const { closed } of clients) await closed;
    assert.deepEqual({ forced, stragglers }, { forced: 0, stragglers: [] });
  });

  if (isSession) continue;

  test(
    `refuses streams that are too many, so that to retry is safe (${mode.title})`,
    async () => {
      const { opened, open } = gate();
      const scene = await streamScene(
        mode,
        async (stream) => {
          await opened;
          answer(stream);
        },
        { concurrency: 1, maxQueued: 0 },
      );
      const { outcome, session, closed } = await askForStream(scene.server, mode);
      await until(() => scene.serving.stats.active === 1);
      const refused = [ask(session, mode), ask(session, mode)];
      for (const each of refused) {
        const { code, isWhole } = await each.outcome;
        assert.deepEqual({ code, isWhole }, { code: REFUSED_STREAM, isWhole: false });
      }
      open();
      assert.deepEqual(await outcome, whole);
      const { completed, shed } = await scene.end();
      await closed;
      assert.deepEqual({ completed, shed }, { completed: 1, shed: 2 });
    },
    { cannot: limits.unansweredStreams },
  );
}

async function serveSession([session]: [ServerHttp2Session]): Promise<void> {
  let answered = 0;
  session.on('stream', (stream) => {
    answer(stream);
    answered += 1;
  });
  await until(() => answered === STREAMS);
}

const failure = new Error('a bug');

/** How the handler of a tunnel ends, what its client has then, and what is counted. */
const tunnels = {
  resolves: { settle: async () => {}, count: 'completed', ends: 'end' },
  fails: { settle: () => Promise.reject(failure), count: 'failed', ends: '' },
  'is cut off by grace': { settle: () => new Promise(() => {}), count: 'forced', ends: '' },
} as const;

for (const [title, { settle, count, ends }] of Object.entries(tunnels)) {
  test(`ends the tunnel of an HTTP/1 client beside HTTP/2 whose handler ${title}`, async () => {
    const { opened, open } = gate();
    const server: Server = createSecureServer({ ...certificate, allowHTTP1: true }, nobody);
    const scene = await eventScene<[IncomingMessage, Socket]>(
      server,
      async ([, socket]) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\nhalf');
        await opened;
        await settle();
      },
      { event: 'connect', grace: 200 },
    );
    const { socket: client, ending } = await connectTls(server);
    client.write(hellos.connect);
    await once(client, 'data');
    open();
    const over = count === 'forced' ? scene.end() : undefined;
    const { text, by } = await ending;
    assert.match(text, /half$/);
    if (ends) assert.equal(by, ends);
    const report = await (over ?? scene.end());
    assert.equal(report[count], 1);
    assert.deepEqual(scene.errors, count === 'failed' ? [failure] : []);
  });
}

test(
  'refuses at grace the tunnel of an HTTP/2 client that waits for a slot',
  async () => {
    const server = createSecureServer(certificate, nobody) as Server;
    const begun: unknown[] = [];
    const scene = await eventScene<[Http2ServerRequest, Http2ServerResponse]>(
      server,
      async (tunnel) => {
        begun.push(tunnel);
        await new Promise(() => {});
      },
      { event: 'connect', concurrency: 1, grace: 100 },
    );
    const { session } = await openSession(server, 'https');
    session.on('error', () => {});
    const open = (): Promise<unknown> => {
      const tunnel = session.request({ ':method': 'CONNECT', ':authority': 'localhost:80' });
      const closed = new Promise((resolve) => tunnel.on('close', () => resolve(tunnel.rstCode)));
      tunnel.on('error', () => {});
      return closed;
    };
    void open();
    const waiting = open();
    await until(() => begun.length === 1 && scene.serving.stats.queued === 1);
    const { forced, discarded } = await scene.end();
    assert.deepEqual([forced, discarded], [1, 1]);
    assert.equal(await waiting, REFUSED_STREAM);
  },
  { cannot: limits.unansweredStreams },
);

function nobody(): void {}

test.run();
