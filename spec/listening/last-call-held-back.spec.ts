import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Session } from 'node:http2';
import { createServer, type Server, type Socket } from 'node:net';
import { acceptLoop, serve } from 'accept-loop';
import { gather } from '../support/accept-queue.ts';
import { type BurstClient, burstClient } from '../support/burst-client.ts';
import { assertConserved } from '../support/conservation.ts';
import { openSession, readAnswer } from '../support/drain-http2.ts';
import { get } from '../support/http-messages.ts';
import { limits } from '../support/limits.ts';
import { connect, listening } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { keepBusy, stall } from '../support/turns.ts';

const test = suite('last call beside handlers that compute', { timeout: 20_000 });

let client: BurstClient;
test.before(async () => {
  client = await burstClient();
});
test.after(() => client.stop());

/** Takes longer for all of them than the last call may last. */
function compute(socket: Socket): void {
  stall(3);
  socket.end('hello');
}

test(
  'serves the 300 that wait in the accept queue, though their handlers take a second (A20, B12)',
  async () => {
    const server = await listening(createServer());
    const stop = new AbortController();
    const { finished } = serve(server, compute, stop.signal);
    const { outcomes } = await gather(client, server, 300);
    stop.abort();
    const { served, reset } = await outcomes;
    assert.deepEqual({ served, reset }, { served: 300, reset: 0 });
    assert.equal((await finished).completed, 300);
  },
  { cannot: limits.exactLastCall },
);

test(
  'hands out when the queue is full, rather than shed',
  async () => {
    const server = await listening(createServer());
    const stop = new AbortController();
    const loop = acceptLoop(server, { signal: stop.signal, maxQueued: 10 });
    const { outcomes } = await gather(client, server, 100);
    stop.abort();
    for await (const socket of loop) socket.end('hello');
    assertConserved(loop.stats);
    assert.equal(loop.stats.shed, 0);
    assert.equal((await outcomes).served, 100);
  },
  { cannot: limits.acceptsOneByOne },
);

test(
  'reads no request of a client of the last call before the listener is closed',
  async () => {
    const server = await listening(createHttpServer());
    const heard: boolean[] = [];
    server.on('request', () => heard.push(server.listening));
    const stop = new AbortController();
    const { finished } = serve(server, ([, response]) => void response.end('answer'), stop.signal);
    stop.abort();
    const late = await Promise.all(Array.from({ length: 20 }, () => connect(server)));
    for (const { socket } of late) socket.write(get('/'));
    const endings = await Promise.all(late.map(({ ending }) => ending));
    for (const { text } of endings) assert.match(text, /answer$/);
    assert.deepEqual(
      heard,
      late.map(() => false),
    );
    assert.equal((await finished).completed, 20);
  },
  { cannot: limits.acceptsOneByOne },
);

test('lets nobody wait when none is left in the accept queue, however busy the process is', async () => {
  const server = await listening(createHttpServer());
  const stop = new AbortController();
  // Shorter than the last call of a process whose turns are never brief.
  const options = { signal: stop.signal, grace: 450, idle: 100 };
  const { finished } = serve(server, ([, response]) => void response.end('answer'), options);
  const { socket, ending } = await connect(server);
  socket.write(get('/'));
  await once(socket, 'data');
  const stopWork = keepBusy(0.3);
  stop.abort();
  socket.write(get('/again'));
  const [answer] = await once(socket, 'data');
  assert.match(String(answer), /^HTTP\/1.1 200 /);
  const { discarded, completed } = await finished;
  stopWork();
  await ending;
  assert.deepEqual({ discarded, completed }, { discarded: 0, completed: 2 });
});

test('hands out at once what would be lost on who takes it later: a session', async () => {
  const server = createHttp2Server();
  await listening(server as Server);
  const stop = new AbortController();
  const loop = acceptLoop(server, { event: 'session', signal: stop.signal });
  const answered = (async (): Promise<void> => {
    for await (const [session] of loop) {
      (session as ServerHttp2Session).on('stream', (stream) => stream.end('answer'));
    }
  })();
  const opened = openSession(server, 'http');
  stop.abort();
  const { session } = await opened;
  assert.equal((await readAnswer(session.request())).body, 'answer');
  await answered;
  session.destroy();
});

test.run();
