import assert from 'node:assert/strict';
import { createServer } from 'node:http2';
import { drain } from 'accept-loop';
import { FrameClient, frameTypes } from './support/http2-frames.ts';
import { listening } from './support/sockets.ts';
import { suite } from './support/suite.ts';

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

test.run();
