import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { acceptLoop, serve } from 'accept-loop';
import { stallUntilQueued } from './support/accept-queue.ts';
import { type BurstClient, burstClient } from './support/burst-client.ts';
import { assertConserved } from './support/conservation.ts';
import { limits } from './support/limits.ts';
import { listening, portOf } from './support/sockets.ts';
import { suite } from './support/suite.ts';
import { stall, turns } from './support/turns.ts';

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
    const outcomes = client.burst(portOf(server), 300);
    await turns(1);
    stallUntilQueued(portOf(server), 300);
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
    const outcomes = client.burst(portOf(server), 100);
    await turns(1);
    stallUntilQueued(portOf(server), 100);
    stop.abort();
    for await (const socket of loop) socket.end('hello');
    assertConserved(loop.stats);
    assert.equal(loop.stats.shed, 0);
    assert.equal((await outcomes).served, 100);
  },
  { cannot: limits.acceptsOneByOne },
);

test.run();
