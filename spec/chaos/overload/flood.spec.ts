import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { listen, serve, type Serving } from 'accept-loop';
import { type BurstClient, burstClient } from '../../support/burst-client.ts';
import { heapInUse } from '../../support/garbage.ts';
import { limits } from '../../support/limits.ts';
import { assertReport } from '../../support/report.ts';
import { connectionsOf, gate } from '../../support/scene.ts';
import { portOf } from '../../support/sockets.ts';
import { suite } from '../../support/suite.ts';
import { turns, until } from '../../support/turns.ts';

const test = suite('serve under a flood', { timeout: 60_000 });

const concurrency = 100;
const maxQueued = 1000;
const room = concurrency + maxQueued;

/** Milliseconds. The kernel asks again after 1, 3 and 7 s when its own queue was full. */
const patience = 50_000;
/** Of heap, for each connection that is open and waits for its slot or its answer. */
const bytesEach = 4096;
/** Of heap, that may be left of each that has come. */
const bytesLeft = 100;

let client: BurstClient;
test.before(async () => {
  client = await burstClient();
});
test.after(() => client.stop());

/** So many come at once; who has a slot is answered when all have come. */
async function flood(
  { server, serving, answers }: { server: Server; serving: Serving; answers: (() => void)[] },
  count: number,
): Promise<{ full: number }> {
  const before = serving.stats;
  const outcomes = client.burst(portOf(server), count, 0, patience);
  await until(() => serving.stats.accepted - before.accepted === count);
  const { active, queued, shed } = serving.stats;
  assert.deepEqual({ active, queued }, { active: concurrency, queued: maxQueued });
  assert.equal(shed - before.shed, count - room);
  const full = await heapInUse();
  await until(() => {
    for (const answer of answers.splice(0)) answer();
    return serving.stats.completed - before.completed === room;
  });
  const { served, empty, reset, hung, refused, other } = await outcomes;
  assert.deepEqual(
    { served, hung, refused, other },
    { served: room, hung: 0, refused: 0, other: 0 },
  );
  assert.equal(empty + reset, count - room);
  while ((await connectionsOf(server)) > 0) await turns(1);
  return { full };
}

test(
  'serves 1100 of 10 000, in bounded memory, and gives it back',
  async () => {
    const server = await listen(createServer(), { port: 0, host: '127.0.0.1' });
    const answers: (() => void)[] = [];
    const most = { active: 0, queued: 0 };
    const serving = serve(
      server,
      async (socket) => {
        const { opened, open } = gate();
        answers.push(open);
        await opened;
        socket.end('hello');
      },
      { concurrency, maxQueued },
    );
    server.on('connection', () => {
      const { active, queued } = serving.stats;
      most.active = Math.max(most.active, active);
      most.queued = Math.max(most.queued, queued);
    });
    // What Node itself keeps ready after such a number is no loss of ours.
    await flood({ server, serving, answers }, 2000);
    const before = await heapInUse();
    const { full } = await flood({ server, serving, answers }, 10_000);
    const left = (await heapInUse()) - before;
    process.stdout.write(
      `  heap: ${Math.round((full - before) / room)} bytes each of ${room}, ${left} bytes left of 10000\n`,
    );
    assert.ok(full - before < room * bytesEach, `${full - before} bytes`);
    assert.ok(left < 10_000 * bytesLeft, `${left} bytes left`);
    assert.deepEqual(most, { active: concurrency, queued: maxQueued });
    const report = await serving.stop();
    assertReport(report);
    assert.equal(report.forced, 0);
  },
  { cannot: limits.backlog },
);

test.run();
