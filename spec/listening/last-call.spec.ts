import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { acceptLoop } from 'accept-loop';
import { LAST_CALL_CONNECTIONS, LAST_CALL_MS } from '../../lib/bounds.ts';
import { LastCall } from '../../lib/listening/last-call.ts';
import { gather } from '../support/accept-queue.ts';
import { type BurstClient, burstClient, type Outcomes } from '../support/burst-client.ts';
import { assertConserved } from '../support/conservation.ts';
import { limits } from '../support/limits.ts';
import { abortListeners, listenersOn } from '../support/listeners.ts';
import { listening, portOf, readToEnd } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { stall, turns, until } from '../support/turns.ts';

const test = suite('last call', { timeout: 60_000 });

let client: BurstClient;
test.before(async () => {
  client = await burstClient();
});
test.after(() => client.stop());

/** Lets a burst gather in the accept queue, stops the server, and tells what the clients saw. */
async function stopWithWaiting(count: number, server: Server, stop: () => void): Promise<Outcomes> {
  const { outcomes } = await gather(client, server, count);
  stop();
  return outcomes;
}

function greet(connection: Socket): void {
  connection.on('error', () => {});
  connection.end('hello');
}

async function greetAll(connections: AsyncIterable<Socket>): Promise<void> {
  for await (const connection of connections) greet(connection);
}

test(
  'serves the 200 that wait in the accept queue at the abort (A20, B9, B12)',
  async () => {
    const plain = await listening(createServer(greet));
    const without = await stopWithWaiting(200, plain, () => plain.close());

    const server = await listening(createServer());
    const stop = new AbortController();
    const loop = acceptLoop(server, stop.signal);
    const served = greetAll(loop);
    const outcomes = await stopWithWaiting(200, server, () => stop.abort());
    await served;

    process.stdout.write(
      `  200 waiting: last call ${JSON.stringify(outcomes)}\n` +
        `               close()   ${JSON.stringify(without)}\n`,
    );
    assert.equal(outcomes.served, 200);
    assert.equal(loop.stats.yielded, 200);
    assertConserved(loop.stats);
  },
  { cannot: limits.exactLastCall },
);

test(
  'loses nobody in 30 rounds of 100 clients with an abort at a random moment (B52)',
  async () => {
    const total = { served: 0, empty: 0, reset: 0, refused: 0, hung: 0, other: 0 };
    for (let round = 0; round < 30; round += 1) {
      const server = await listening(createServer());
      const stop = new AbortController();
      // At a random one of its connections: before the first, the close might meet it half-way.
      let toCome = 1 + Math.floor(Math.random() * 100);
      server.on('connection', () => {
        toCome -= 1;
        if (toCome === 0) stop.abort();
      });
      const before = listenersOn(server);
      const loop = acceptLoop(server, stop.signal);
      const served = greetAll(loop);
      const closed = once(server, 'close');
      const outcomes = client.burst(portOf(server), 100);
      await served;
      for (const [outcome, count] of Object.entries(await outcomes)) {
        total[outcome as keyof Outcomes] += count;
      }
      assertConserved(loop.stats);
      // Emitted when the last socket is gone: none is left open.
      await closed;
      assert.deepEqual(listenersOn(server), before);
      assert.equal(abortListeners(stop.signal), 0);
    }
    process.stdout.write(`  30 rounds of 100: ${JSON.stringify(total)}\n`);
    assert.deepEqual([total.reset, total.empty, total.hung, total.other], [0, 0, 0, 0]);
  },
  { cannot: limits.exactLastCall },
);

test('is not postponed beyond its bound by a flood of connections (B11)', async () => {
  const server = await listening(createServer());
  const port = portOf(server);
  const stop = new AbortController();
  const loop = acceptLoop(server, stop.signal);
  const served = greetAll(loop);
  const flood = { on: true, visits: 0 };
  const visitors = Array.from({ length: 20 }, async () => {
    while (flood.on && flood.visits < 50_000) {
      flood.visits += 1;
      await readToEnd(port);
    }
  });
  await until(() => loop.stats.accepted > 100);
  const begun = performance.now();
  stop.abort();
  await served;
  const took = performance.now() - begun;
  flood.on = false;
  await Promise.all(visitors);
  assert.ok(took < 2 * LAST_CALL_MS, `took ${took} ms`);
  assertConserved(loop.stats);
});

test('takes no more connections than an accept queue can hold', async () => {
  const emitter = new EventEmitter();
  const stop = new AbortController();
  const loop = acceptLoop(emitter, { event: 'arrival', signal: stop.signal, maxQueued: 0 });
  stop.abort();
  // Enough to be at the count long before the time is over.
  while (emitter.listenerCount('arrival') > 0) {
    for (let count = 0; count < 10_000; count += 1) emitter.emit('arrival');
    await turns(1);
  }
  assert.equal((await loop.next()).done, true);
  const { accepted } = loop.stats;
  assert.ok(accepted >= LAST_CALL_CONNECTIONS && accepted <= LAST_CALL_CONNECTIONS + 20_000);
});

test('is not ended by any number of requests on open connections', async () => {
  const source = new EventEmitter();
  let requests = 0;
  const bound = LAST_CALL_CONNECTIONS + 10_000;
  const over = new Promise<void>((resolve) => {
    const events = ['connection', 'request'];
    void new LastCall({ source, events, carried: 'request' }, () => resolve());
  });
  // All of them within one turn: the time of the bound cannot be over before.
  await turns(1);
  for (; requests < bound; requests += 1) source.emit('request');
  assert.equal(source.listenerCount('request'), 1);
  await turns(1);
  assert.equal(source.listenerCount('request'), 1);
  await over;
});

test(
  'gives its time from the first turn on, however long the abort blocks the loop',
  async () => {
    const server = await listening(createServer());
    const stop = new AbortController();
    const loop = acceptLoop(server, stop.signal);
    const served = greetAll(loop);
    const outcomes = await stopWithWaiting(50, server, () => {
      stop.abort();
      stall(2 * LAST_CALL_MS);
    });
    await served;
    assert.equal(outcomes.served, 50);
  },
  { cannot: limits.exactLastCall },
);

test('is cancelled when the loop is left meanwhile, or the server closed', async () => {
  for (const end of ['leave', 'close'] as const) {
    const server = await listening(createServer());
    const before = listenersOn(server);
    const stop = new AbortController();
    const loop = acceptLoop(server, stop.signal);
    const closed = once(server, 'close');
    stop.abort();
    if (end === 'leave') await loop.return();
    else server.close();
    assert.equal((await loop.next()).done, true);
    await closed;
    assert.deepEqual(listenersOn(server), before);
  }
});

test.run();
