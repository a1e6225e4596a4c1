import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  connect,
  createServer,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type Http2Server,
  type ServerHttp2Stream,
} from 'node:http2';
import { acceptLoop, type ConnectionOf, drain, serve, type ServeHandler } from 'accept-loop';
import { http2Servers } from '../../support/drain-http2.ts';
import { ANY_STREAM, FrameClient, frameTypes, isPing } from '../../support/http2-frames.ts';
import { gate } from '../../support/scene.ts';
import { serveScene } from '../../support/serve-scene.ts';
import { listening } from '../../support/sockets.ts';
import { suite } from '../../support/suite.ts';
import { sleep, turns, until } from '../../support/turns.ts';

const test = suite('HTTP/2 sessions at the end');

const answer: ServeHandler<ConnectionOf<Http2Server>> = async ([request, response]) => {
  response.end(`answer to ${request.url}`);
};

for (const [name, { scheme, create }] of Object.entries(http2Servers)) {
  test(`are told of it twice by serve, which serves their last request (${name}) (A43)`, async () => {
    const { server, stop, over } = await serveScene(create() as Http2Server, answer, {
      idle: 300,
    });
    const client = new FrameClient(server, scheme);
    client.request(1, '/first');
    await client.until(() => client.hasEnded(1));
    stop.abort();
    await until(() => !server.listening);
    assert.deepEqual(client.goaways, []);
    client.request(3, '/last');
    await client.closed;
    assert.deepEqual([client.bodyOf(1), client.bodyOf(3)], ['answer to /first', 'answer to /last']);
    assert.deepEqual(client.goaways, [ANY_STREAM, 3]);
    const { completed, stragglers } = await over();
    assert.equal(completed, 2);
    assert.deepEqual(stragglers, []);
  });

  for (const [what, bytes] of Object.entries({
    'their side open': Buffer.alloc(0),
    // The head of a frame of 9 bytes, of which 1 comes.
    'half a frame': Buffer.from([0, 0, 9, frameTypes.headers, 0, 0, 0, 0, 3, 0x82]),
  })) {
    test(`are ended soon after idle, though their clients keep ${what} (${name}) (A40)`, async () => {
      const { server, stop, over } = await serveScene(create() as Http2Server, answer, {
        idle: 0,
        grace: Infinity,
      });
      const client = new FrameClient(server, scheme, { allowHalfOpen: true });
      client.request(1, '/');
      await client.until(() => client.hasEnded(1));
      client.socket.write(bytes);
      await sleep(20);
      const begun = performance.now();
      stop.abort();
      const { completed, forced, stragglers } = await over();
      const elapsed = performance.now() - begun;
      assert.deepEqual([completed, forced, stragglers], [1, 0, []]);
      assert.ok(elapsed < 3000, String(elapsed));
      client.socket.destroy();
      await client.closed;
    });
  }
}

test('are told while acceptLoop ends, and serve what was begun (A43)', async () => {
  const { opened, open } = gate();
  const server = await listening(createServer());
  const stop = new AbortController();
  const loop = acceptLoop(server, stop.signal);
  const busy = new FrameClient(server);
  const idle = new FrameClient(server);
  idle.request(1, '/idle');
  busy.request(1, '/busy');
  const urls: string[] = [];
  const consumed = (async () => {
    for await (const [request, response] of loop) {
      urls.push(request.url);
      if (request.url === '/busy') void opened.then(() => response.end('late'));
      else response.end('at once');
    }
  })();
  await idle.until(() => idle.hasEnded(1));
  await until(() => urls.length === 2);
  const closed = once(server, 'close');
  stop.abort();
  await consumed;
  await idle.closed;
  assert.equal(idle.goaways.at(-1), 1);
  await busy.frame(({ type }) => type === frameTypes.goaway);
  open();
  await busy.closed;
  assert.equal(busy.bodyOf(1), 'late');
  assert.deepEqual(busy.goaways, [ANY_STREAM, 1]);
  await closed;
});

test('are told first, and asked for an answer then (A43)', async () => {
  const { opened, open } = gate();
  const server = await listening(createServer());
  const serving = serve(server, async ([, response]) => {
    await opened;
    response.end();
  });
  const client = new FrameClient(server);
  client.request(1, '/');
  await until(() => serving.stats.active === 1);
  void serving.stop();
  await client.frame(isPing);
  const types = client.frames.map(({ type }) => type);
  assert.deepEqual(types.slice(-2), [frameTypes.goaway, frameTypes.ping]);
  await client.answerPing();
  open();
  await client.closed;
  await serving.finished;
  await turns(2);
});

/** How long an answer takes that outlasts what a client has to end its side. */
const LONG_MS = 1800;

async function answerLate(stream: ServerHttp2Stream): Promise<void> {
  stream.respond({ ':status': 200 });
  stream.write('half ');
  await sleep(LONG_MS);
  stream.end('whole');
}

async function textOf(stream: ClientHttp2Stream): Promise<string> {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await once(stream, 'close');
  return text;
}

async function clientOf(server: Http2Server): Promise<ClientHttp2Session> {
  await listening(server);
  const { port } = server.address() as { port: number };
  const client = connect(`http://127.0.0.1:${port}`);
  await once(client, 'connect');
  return client;
}

const pushWays = {
  serve: (server: Http2Server, signal: AbortSignal) =>
    serve(server, () => {}, { event: 'stream', signal, idle: 0 }).finished,
  drain: (server: Http2Server, signal: AbortSignal) => drain(server, { signal, idle: 0 }),
};

for (const [way, begin] of Object.entries(pushWays)) {
  test(`are open until the streams that their server pushes have ended (${way})`, async () => {
    const server = createServer();
    const stop = new AbortController();
    server.on('stream', (stream: ServerHttp2Stream) => {
      stream.pushStream({ ':path': '/pushed' }, (_error, pushed) => void answerLate(pushed));
      stream.respond();
      stream.end();
    });
    const over = begin(server, stop.signal);
    const client = await clientOf(server);
    const pushed = once(client, 'stream').then(([stream]) => textOf(stream as ClientHttp2Stream));
    await textOf(client.request());
    stop.abort();
    assert.equal(await pushed, 'half whole');
    assert.deepEqual((await over).stragglers, []);
  });
}

test('are open until streams from before the call of drain have ended', async () => {
  const server = createServer();
  server.on('stream', (stream: ServerHttp2Stream, { ':path': path }) => {
    if (path === '/long') void answerLate(stream);
    else {
      stream.respond();
      stream.end();
    }
  });
  const client = await clientOf(server);
  const long = client.request({ ':path': '/long' });
  await once(long, 'response');
  const text = textOf(long);
  const stop = new AbortController();
  const over = drain(server, { signal: stop.signal, idle: 0 });
  await textOf(client.request());
  stop.abort();
  assert.equal(await text, 'half whole');
  assert.deepEqual((await over).stragglers, []);
});

test.run();
