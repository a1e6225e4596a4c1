/**
 * How many requests rolling stops lose, by the way to stop: the figures of docs/benchmarks.md.
 *
 *     npm run bench:loss [-- --requests 20000 --only drain]
 *
 * Two server processes take turns on one port while 50 clients post. `--requests`: so many at least
 * for each way; `--only`: ways whose name contains this. With either it only prints.
 */
import { parseArgs } from 'node:util';
import { runtime } from '../support/runtime.ts';
import { type Contender, contenders } from './loss/contenders.ts';
import { report } from './loss/page.ts';
import { failedOf, runRound, sumOf } from './loss/run-round.ts';
import type { RoundResult, Sharing } from './loss/types.ts';
import { writeSection } from './section.ts';

/** All ways take their turns in each, so that what else the machine does hits all of them. */
const ROUNDS = 3;

/** Of a round, at least: plain `close()` may need the whole bound for each. */
const STOPS = 2;

interface Entry {
  readonly contender: Contender;
  readonly sharing: Sharing;
  readonly rounds: RoundResult[];
}

const { values } = parseArgs({
  options: { requests: { type: 'string' }, only: { type: 'string' } },
});
const { requests = '20000', only = '' } = values;

const shared: readonly Sharing[] = ['SCHED_RR', 'SCHED_NONE'];
// Node 20 ignores `reusePort`: the second process would find the port in use.
const sharings = runtime.label === 'node 20' ? shared : [...shared, 'reusePort' as const];
const chosen = contenders.filter(({ way }) => way.includes(only));
const entries: Entry[] = sharings.flatMap((sharing) =>
  chosen.map((contender) => ({ contender, sharing, rounds: [] })),
);

for (let round = 1; round <= ROUNDS; round += 1) {
  for (const { contender, sharing, rounds } of entries) {
    const { way, client } = contender;
    const share = Math.ceil(Number(requests) / ROUNDS);
    const result = await runRound({ way, client, sharing, requests: share, stops: STOPS });
    rounds.push(result);
    const figures = `${failedOf(result)} of ${result.requests} failed`;
    process.stderr.write(`${round}/${ROUNDS} ${sharing}, ${way}, ${client}: ${figures}\n`);
  }
}
const text = report(
  entries.map(({ contender, sharing, rounds }) => ({ contender, sharing, result: sumOf(rounds) })),
);
process.stdout.write(`${text}\n`);
if (values.requests === undefined && values.only === undefined) {
  writeSection('bench:loss', text);
}
