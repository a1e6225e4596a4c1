/**
 * What a stop loses, by the way to stop: the figures of docs/benchmarks.md.
 *
 *     npm run bench:loss [-- --part queue --rounds 1 --requests 20000 --only drain --runtime bun]
 *
 * Of part `queue`, clients that wait in the accept queue; of part `rolling`, requests under load.
 * `--requests`: of each way under load, so many at least; `--only`: ways whose name contains this,
 * as in 'go serve'; `--deno`, `--bun`: where these are. With any of them it only prints.
 */
import { parseArgs } from 'node:util';
import { benchRuntime } from './bench-runtime.ts';
import { drawQueue, queueTables } from './loss/queue-page.ts';
import { lostOf, queuedStops } from './loss/queued-stops.ts';
import { rollingLine, rollingTables } from './loss/rolling-page.ts';
import { rollingStops } from './loss/rolling-stops.ts';
import { failedOf } from './loss/run-round.ts';
import { findServers } from './loss/servers.ts';
import { machine, writeSection } from './section.ts';

const QUEUE_ROUNDS = 3;
const ROLLING_ROUNDS = 3;

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    part: text,
    rounds: text,
    requests: text,
    only: text,
    runtime: text,
    deno: text,
    bun: text,
  },
});
const { part, rounds, requests = '20000', only = '', deno, bun } = values;
const isOfficial = Object.keys(values).every((name) => name === 'deno' || name === 'bun');
const runtime = benchRuntime(values.runtime);
const servers = findServers({ runtime, deno, bun });
const head = machine(...[...servers.values()].map(({ title }) => title));

function publish(script: string, tables: readonly string[]): void {
  const section = [head, ...tables].join('\n');
  process.stdout.write(`${section}\n\n`);
  if (isOfficial) writeSection(script, section);
}

/** Of ours, nothing may be lost. */
function judge(title: string, lost: number): void {
  if (lost === 0) return;
  process.exitCode = 1;
  process.stderr.write(`FAILED: ${title} has lost ${lost}\n`);
}

if (part !== 'rolling') {
  const figures = await queuedStops({ servers, rounds: Number(rounds ?? QUEUE_ROUNDS), only });
  publish('bench:loss, the accept queue', queueTables(figures));
  if (isOfficial) drawQueue(figures);
  for (const figure of figures.filter(({ contender }) => contender.isOurs)) {
    const lost = Math.max(...lostOf(figure));
    judge(`${figure.contender.way} with ${figure.count} waiting`, lost);
  }
}
if (part !== 'queue') {
  const total = { rounds: Number(rounds ?? ROLLING_ROUNDS), requests: Number(requests) };
  const figures = await rollingStops({ runtime, servers, only, ...total });
  publish('bench:loss', rollingTables(figures));
  if (isOfficial) writeSection('bench:loss', rollingLine(figures), 'README.md');
  for (const { contender, sharing, result } of figures) {
    if (contender.isOurs) judge(`${contender.way}, ${sharing}`, failedOf(result));
  }
}
