import { type BenchRuntime, benchRuntime } from '../bench-runtime.ts';
import { takeTurns } from '../take-turns.ts';
import { type RollingContender, rollingContenders } from './contenders.ts';
import { failedOf, runRound, sumOf } from './run-round.ts';
import type { Servers } from './servers.ts';
import type { RoundResult, Sharing } from './types.ts';

/** Of a round, at least: plain `close()` may need the whole bound for each. */
const STOPS = 2;

export interface RollingVariant {
  readonly contender: RollingContender;
  readonly sharing: Sharing;
}

/** What became of the requests under one way to stop, in all rounds. */
export interface RollingFigures extends RollingVariant {
  readonly result: RoundResult;
}

interface RollingOptions {
  readonly runtime: BenchRuntime;
  readonly servers: Servers;
  /** Of each way, at least. */
  readonly requests: number;
  readonly rounds: number;
  /** Part of the names of the ways. */
  readonly only: string;
}

function sharingsOf({ server }: RollingContender, { name, title }: BenchRuntime): Sharing[] {
  // Bun's `http.Server` takes no `reusePort`, and only Node's cluster loses nothing.
  if (server === 'node' && name === 'Bun') return [];
  if (server !== 'node' || name !== 'Node') return ['reusePort'];
  // Node 20 ignores `reusePort`: the second process would find the port in use.
  if (title.startsWith('Node 20.')) return ['SCHED_RR', 'SCHED_NONE'];
  return ['SCHED_RR', 'SCHED_NONE', 'reusePort'];
}

/** Counts the requests that rolling stops lose, by the way to stop. */
export async function rollingStops(options: RollingOptions): Promise<RollingFigures[]> {
  const { runtime, servers, requests, rounds, only } = options;
  // A round that is no cluster may run anywhere.
  const primary = runtime.name === 'Node' ? runtime : benchRuntime();
  const chosen = rollingContenders.filter(
    ({ way, server }) => `${server} ${way}`.includes(only) && servers.has(server),
  );
  const variants = chosen.flatMap((contender) =>
    sharingsOf(contender, runtime).map((sharing): RollingVariant => ({ contender, sharing })),
  );
  const results = await takeTurns(variants, rounds, async ({ contender, sharing }) => {
    const { way, client, server } = contender;
    const { command = [] } = servers.get(server) ?? {};
    const load = { requests: Math.ceil(requests / rounds), stops: STOPS };
    const result = await runRound({ way, client, sharing, command, ...load }, primary);
    const figures = `${failedOf(result)} of ${result.requests} failed`;
    process.stderr.write(`${sharing}, ${server} ${way}, ${client}: ${figures}\n`);
    return result;
  });
  return [...results].map(([{ contender, sharing }, result]) => ({
    contender,
    sharing,
    result: sumOf(result),
  }));
}
