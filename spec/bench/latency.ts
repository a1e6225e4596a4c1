/**
 * How long the clients of a server wait while its neighbour stops: the figures of docs/benchmarks.md.
 *
 *     npm run bench:latency [-- --rounds 8 --only drain --runtime node]
 *
 * `--only`: the base, and the ways whose title contains this. With any of them it only prints. Needs
 * Linux and a C compiler.
 */
import { parseArgs } from 'node:util';
import { benchRuntime } from './bench-runtime.ts';
import { benchServer, scriptCommand } from './bench-server.ts';
import { startClients } from './latency/clients.ts';
import { type Load, measure, type Turn } from './latency/measure.ts';
import { type Neighbour, neighbours } from './latency/neighbours.ts';
import { latencyTable, neighbourTable, throughputTable } from './latency/page.ts';
import { findServers } from './loss/servers.ts';
import { pinned } from './pinned.ts';
import { machine, writeSection } from './section.ts';
import { takeTurns } from './take-turns.ts';

/** Of the server: 4000 requests a second, and as many as it can answer. */
const paced = { count: 64, interval: 250 };
const saturating = { count: 64, interval: 0 };

/** Of the neighbour: a thousand requests a second, of which some are always under way. */
const beside = { neighbour: { count: 50, interval: 1000 }, idle: 2000, lead: 500, window: 1500 };

/** Of each load, before the first turn that counts. */
const WARM_UPS = 2;

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { rounds: text, only: text, runtime: text } });
const { rounds = '8', only = '' } = values;
const runtime = benchRuntime(values.runtime);
const servers = findServers({ runtime, deno: undefined, bun: undefined });

const chosen = neighbours.filter(
  ({ isBase, title, server: name }) => servers.has(name) && (isBase || title.includes(only)),
);
const programs = new Set(chosen.map(({ server: name }) => servers.get(name)?.title ?? ''));
const clients = await startClients();
const script = scriptCommand(runtime, 'spec/bench/cost/server.ts', 'http', 'bare');
const server = await benchServer(pinned(script, 0));

/** Of each neighbour its turns with a load of the server, one a round. */
async function turnsOf(load: Load): Promise<Map<Neighbour, Turn[]>> {
  const run = async ({ server: name, way, isBase = false }: Neighbour): Promise<Turn> => {
    const { command = [] } = servers.get(name) ?? {};
    const neighbour = await benchServer(pinned([...command, way, '0'], 0));
    return measure({ clients, server, neighbour, isStopped: !isBase }, load);
  };
  for (const neighbour of chosen.filter(({ isBase }) => isBase)) {
    for (let count = 0; count < WARM_UPS; count += 1) await run(neighbour);
  }
  return takeTurns(chosen, Number(rounds), run);
}

try {
  const pacedTurns = await turnsOf({ server: paced, ...beside });
  const full = { server: saturating, ...beside };
  const page = [
    machine(...programs),
    '',
    '### The latency of the server',
    '',
    ...latencyTable(pacedTurns),
    '',
    '### What the server can do',
    '',
    ...throughputTable(await turnsOf(full), full),
    '',
    "### The neighbour's own requests",
    '',
    ...neighbourTable(pacedTurns),
  ].join('\n');
  process.stdout.write(`${page}\n`);
  const isOfficial = Object.values(values).every((value) => value === undefined);
  if (isOfficial) writeSection('bench:latency', page);
} finally {
  await Promise.all([clients.stop(), server.stop()]);
}
