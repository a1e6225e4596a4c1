import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { Server } from 'node:net';
import { drain, serve } from 'accept-loop';
import { heapInUse } from '../../support/garbage.ts';
import { lineClient } from '../../support/line-client.ts';
import type { LineProcess } from '../../support/line-process.ts';
import { listenersOn } from '../../support/listeners.ts';
import { assertReport } from '../../support/report.ts';
import { connectionsOf } from '../../support/scene.ts';
import { listening, portOf } from '../../support/sockets.ts';
import { suite } from '../../support/suite.ts';
import { sleep } from '../../support/turns.ts';

const test = suite('aborted fetches', { timeout: 60_000 });

const fetches = 10_000;
const warmUp = 1000;
/** Of heap, that may be left of each. */
const bytesLeft = 100;

/** What became of fetches, as their client saw it. */
interface Outcomes {
  /** Got the whole answer. */
  readonly whole: number;
  /** Got a part of it, and no error. */
  readonly cut: number;
  readonly aborted: number;
  /** Got an error that it had not asked for. */
  readonly failed: number;
}

let client: LineProcess;
test.before(async () => {
  client = await lineClient('spec/clients/aborted-fetches.ts');
});
test.after(() => client.stop());

async function answer(response: ServerResponse): Promise<void> {
  const half = 'x'.repeat(8192);
  await sleep(Math.random() * 4);
  response.write(half);
  await sleep(Math.random() * 4);
  response.end(half);
}

const respond: RequestListener = (_request, response) => void answer(response);

/** Asserts that whoever waits for an answer has it, and that nothing is kept of the others. */
async function assertServed(server: Server): Promise<void> {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const load = async (count: number): Promise<Outcomes> =>
    JSON.parse(await client.ask(portOf(server), count, seed)) as Outcomes;
  await load(warmUp);
  const before = await heapInUse();
  const { whole, cut, aborted, failed } = await load(fetches);
  assert.deepEqual({ cut, failed }, { cut: 0, failed: 0 }, `seed ${seed}`);
  assert.ok(aborted > fetches / 2 && whole > fetches / 20, `${aborted} aborted, ${whole} whole`);
  const left = (await heapInUse()) - before;
  assert.ok(left < fetches * bytesLeft, `${left} bytes left, seed ${seed}`);
}

test('leave nothing behind in serve', async () => {
  const server = await listening(createServer());
  const before = listenersOn(server);
  const closed = once(server, 'close');
  const errors: unknown[] = [];
  const serving = serve(server, ([, response]) => answer(response), {
    onError: (error) => errors.push(error),
    idle: 0,
  });
  await assertServed(server);
  const report = await serving.stop();
  assertReport(report);
  assert.equal(report.forced, 0);
  assert.deepEqual(errors, []);
  await closed;
  assert.equal(await connectionsOf(server), 0);
  assert.deepEqual(listenersOn(server), before);
});

test('leave nothing behind in drain', async () => {
  const server = await listening(createServer(respond));
  const before = listenersOn(server);
  const closed = once(server, 'close');
  const stop = new AbortController();
  const drained = drain(server, { signal: stop.signal, idle: 0 });
  await assertServed(server);
  stop.abort();
  const { forced, stragglers } = await drained;
  assert.deepEqual({ forced, stragglers }, { forced: 0, stragglers: [] });
  await closed;
  assert.equal(await connectionsOf(server), 0);
  assert.deepEqual(listenersOn(server), before);
});

test.run();
