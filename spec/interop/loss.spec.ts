import assert from 'node:assert/strict';
import { runRound } from '../bench/loss/run-round.ts';
import { limits } from '../support/limits.ts';
import { killPrograms } from '../support/programs.ts';
import { suite } from '../support/suite.ts';

const test = suite('rolling stops', { timeout: 120_000 });
test.after.each(killPrograms);

const load = { client: 'http.Agent', requests: 1000, stops: 4 } as const;

const cases = [
  { way: 'drain', sharing: 'SCHED_RR' },
  { way: 'drain', sharing: 'SCHED_NONE' },
  { way: 'drainProxy', sharing: 'SCHED_NONE' },
] as const;

for (const { way, sharing } of cases) {
  test(
    `of a cluster lose no request of busy keep-alive clients: ${way}, ${sharing} (B52)`,
    async () => {
      const { requests, failures, stops, hung } = await runRound({ way, sharing, ...load });
      assert.deepEqual({ failures, hung }, { failures: {}, hung: 0 });
      assert.ok(requests >= load.requests, `${requests} requests`);
      assert.ok(stops.length >= load.stops, `${stops.length} stops`);
    },
    { cannot: limits.rollingStops },
  );
}

test.run();
