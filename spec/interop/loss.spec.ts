import assert from 'node:assert/strict';
import { runRound } from '../bench/loss/run-round.ts';
import { limits } from '../support/limits.ts';
import { killPrograms } from '../support/programs.ts';
import { suite } from '../support/suite.ts';

const test = suite('rolling stops', { timeout: 120_000 });
test.after.each(killPrograms);

const load = { way: 'drain', client: 'http.Agent', requests: 2000, stops: 4 } as const;

for (const sharing of ['SCHED_RR', 'SCHED_NONE'] as const) {
  test(
    `of a cluster lose no request of busy keep-alive clients: ${sharing} (B52)`,
    async () => {
      const { requests, failures, stops, hung } = await runRound({ sharing, ...load });
      assert.deepEqual({ failures, hung }, { failures: {}, hung: 0 });
      assert.ok(requests >= load.requests, `${requests} requests`);
      assert.ok(stops.length >= load.stops, `${stops.length} stops`);
    },
    { cannot: limits.rollingStops },
  );
}

test.run();
