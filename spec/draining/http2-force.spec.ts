import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Http2ServerResponse } from 'node:http2';
import type { Server } from 'node:net';
import { drain, serve } from 'accept-loop';
import { openSession, readAnswer } from '../support/drain-http2.ts';
import { FrameClient, frameTypes } from '../support/http2-frames.ts';
import { listening } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';

const test = suite('drain of HTTP/2, when grace is over');

const END_STREAM = 1;

test('lets no half answer pass for a whole one', async () => {
  const server = createServer((_, response) => {
    response.writeHead(200);
    response.write('half');
  });
  await listening(server);
  const stop = new AbortController();
  const drained = drain(server, { signal: stop.signal, grace: 100, idle: 0 });
  const client = new FrameClient(server);
  client.request(1, '/');
  client.request(3, '/');
  await client.until(() => client.bodyOf(1) === 'half');
  stop.abort();
  await drained;
  await client.closed;
  const isClean = client.frames.some(({ type, stream, flags, payload }) => {
    if (stream !== 1) return false;
    const isEnd = type === frameTypes.data && (flags & END_STREAM) !== 0;
    return isEnd || (type === frameTypes.reset && payload.readUInt32BE(0) === 0);
  });
  assert.equal(isClean, false, 'the stream ended without an error');
});

function begin(response: Http2ServerResponse): Promise<never> {
  response.writeHead(200);
  response.write('half');
  return new Promise(() => {});
}

for (const way of ['drain', 'serve'] as const) {
  test(`has Node's own client know it, too, when it has been told to go: ${way}`, async () => {
    const server = createServer();
    const stop = new AbortController();
    // Longer than the two GOAWAYs take.
    const options = { signal: stop.signal, grace: 200, idle: 0 };
    await listening(server as Server);
    if (way === 'drain') server.on('request', (_, response) => void begin(response));
    const over =
      way === 'drain'
        ? drain(server, options)
        : serve(server, ([, response]) => begin(response as never), options).finished;
    const { session, closed } = await openSession(server, 'http');
    const stream = session.request();
    const answer = readAnswer(stream);
    const failed = once(stream, 'error');
    await once(stream, 'data');
    stop.abort();
    await Promise.all([over, failed, closed]);
    assert.equal((await answer).body, 'half');
  });
}

test.run();
