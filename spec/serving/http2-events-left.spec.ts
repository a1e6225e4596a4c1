import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  constants,
  createServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { connect, type Server } from 'node:net';
import { acceptLoop, drain, serve } from 'accept-loop';
import { openSession } from '../support/drain-http2.ts';
import {
  askForStream,
  type EventMode,
  eventModes,
  type StreamClient,
  streamScene,
} from '../support/http2-events.ts';
import { FrameClient } from '../support/http2-frames.ts';
import { limits } from '../support/limits.ts';
import { gate } from '../support/scene.ts';
import { listening, portOf } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { turns, until, untilAborted } from '../support/turns.ts';

const test = suite('signal of HTTP/2 by event', { timeout: 3000 });

/** What a client sends first: the preface, and SETTINGS of no entries. */
const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0';

/** How a client takes back what it has asked for. */
const departures: Record<string, (client: StreamClient, mode: EventMode) => void> = {
  'resets its stream': ({ stream, session }, { event }) => {
    stream.close(constants.NGHTTP2_CANCEL);
    // To a handler of sessions a stream is no departure.
    if (event === 'session') session.close();
  },
  'is gone': ({ session }) => session.destroy(),
};

for (const mode of eventModes) {
  for (const [title, depart] of Object.entries(departures)) {
    test(`aborts when the client ${title} (${mode.title})`, async () => {
      const reasons: unknown[] = [];
      const { opened, open } = gate();
      const scene = await streamScene(mode, async (_, { signal }) => {
        open();
        reasons.push(await untilAborted(signal));
        throw signal.reason;
      });
      const client = await askForStream(scene.server, mode);
      await opened;
      depart(client, mode);
      await until(() => scene.serving.stats.failed === 1);
      assert.ok(reasons[0] instanceof Error);
      assert.deepEqual(scene.errors, []);
      client.session.close();
      await scene.end();
    });
  }
}

for (const mode of eventModes.filter(({ event }) => event === 'session')) {
  test(`aborts when an idle session is ended by the shutdown (${mode.title})`, async () => {
    const scene = await streamScene(mode, () => {}, { grace: Infinity });
    const { closed } = await openSession(scene.server, mode.scheme);
    await until(() => scene.serving.stats.active === 1);
    const { failed, stragglers } = await scene.end();
    await closed;
    assert.equal(failed, 1);
    assert.deepEqual(stragglers, []);
  });
}

/** Who has a session whose streams no code listens to, and how many sessions wait there. */
const holders: Readonly<Record<string, (server: Server) => () => Promise<unknown>>> = {
  'a handler': (server) => {
    const serving = serve(server, () => new Promise(() => {}), { event: 'session' });
    return () => serving.stop({ grace: 0 });
  },
  'the queue of serve': (server) => {
    const options = { event: 'session', concurrency: 1 };
    const serving = serve(server, () => new Promise(() => {}), options);
    return () => serving.stop({ grace: 0 });
  },
  'a loop': (server) => {
    const loop = acceptLoop(server, { event: 'session' });
    return () => loop.return();
  },
};

for (const [holder, begin] of Object.entries(holders)) {
  test(`survives the reset of a client whose session ${holder} has`, async () => {
    const server = await listening(createServer());
    const end = begin(server);
    const closed: Promise<unknown>[] = [];
    server.on('stream', (stream: ServerHttp2Stream) => {
      closed.push(new Promise((resolve) => stream.once('close', resolve)));
    });
    const clients = [new FrameClient(server), new FrameClient(server)];
    for (const client of clients) client.request(1, '/', { hasBody: true });
    await until(() => closed.length === 2);
    for (const { socket } of clients) socket.resetAndDestroy();
    await Promise.all(closed);
    await turns(2);
    await end();
  });
}

test(
  'ends the socket of a session that comes as the loop is left, though its client stays',
  async () => {
    const server = createServer();
    server.on('session', () => void loop.return());
    await listening(server as unknown as Server);
    const loop = acceptLoop(server, { event: 'session' });
    const client = connect({ port: portOf(server), allowHalfOpen: true });
    client.on('error', () => {}).resume();
    const closed = once(server, 'close');
    client.write(preface);
    await closed;
    client.destroy();
    assert.equal(loop.stats.discarded, 1);
  },
  { cannot: limits.socketsOfSessions },
);

const ways: Readonly<Record<string, (server: Server, signal: AbortSignal) => Promise<unknown>>> = {
  serve: (server, signal) => serve(server, () => {}, { signal, grace: 100 }).finished,
  drain: (server, signal) => drain(server, { signal, grace: 100 }),
};

for (const [way, begin] of Object.entries(ways)) {
  for (const deeds of [['close'], ['destroy'], ['close', 'destroy']] as const) {
    test(
      `ends the socket of a session whose owner calls ${deeds.join(' and ')} first, though its client stays (${way})`,
      async () => {
        const server = createServer() as unknown as Server;
        let sessions = 0;
        server.on('session', (session: ServerHttp2Session) => {
          sessions += 1;
          for (const deed of deeds) session[deed]();
        });
        await listening(server);
        const stop = new AbortController();
        const over = begin(server, stop.signal);
        const client = connect({ port: portOf(server), allowHalfOpen: true });
        client.on('error', () => {}).resume();
        const closed = once(server, 'close');
        client.write(preface);
        await until(() => sessions === 1);
        stop.abort();
        await over;
        await closed;
        client.destroy();
      },
      { cannot: limits.socketsOfSessions },
    );
  }
}

test.run();
