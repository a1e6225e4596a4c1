/**
 * How long those wait who are served, when many more come than can be: the figures of
 * docs/benchmarks.md.
 *
 *     npm run bench:overload [-- --clients 10000]
 *
 * 10 000 clients at once, 100 slots, a handler that takes 100 ms, and queues of several lengths. With
 * `--clients` it only prints.
 */
import { createServer } from 'node:net';
import { parseArgs } from 'node:util';
import { listen, serve } from 'accept-loop';
import { burstClient } from '../support/burst-client.ts';
import { markdownTable } from '../support/markdown-table.ts';
import { portOf } from '../support/sockets.ts';
import { machine, writeSection } from './section.ts';

const ROUNDS = 3;
const SLOTS = 100;
const WORK_MS = 100;
const PATIENCE_MS = 60_000;

const { values } = parseArgs({ options: { clients: { type: 'string' } } });
const clients = Number(values.clients ?? 10_000);
const client = await burstClient();

interface Round {
  readonly served: number;
  readonly shed: number;
  readonly median: number;
  readonly late: number;
}

async function run(maxQueued: number): Promise<Round> {
  const server = await listen(createServer(), { port: 0, host: '127.0.0.1' });
  const serving = serve(
    server,
    async (socket) => {
      await new Promise((resolve) => setTimeout(resolve, WORK_MS));
      socket.end('hello');
    },
    { concurrency: SLOTS, maxQueued },
  );
  const { waits } = await client.measure(portOf(server), clients, 0, PATIENCE_MS);
  const { completed, shed } = await serving.stop();
  const at = (share: number): number => waits[Math.floor(waits.length * share)] ?? NaN;
  return { served: completed, shed, median: at(0.5), late: at(0.99) };
}

const lengths = [100, 1000, 4096, 65_536];
const rounds = new Map<number, Round[]>(lengths.map((length) => [length, []]));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [length, all] of rounds) all.push(await run(length));
}
await client.stop();

/** The median of the rounds. */
function middle(all: readonly Round[], pick: keyof Round): string {
  const sorted = all.map((round) => round[pick]).toSorted((one, other) => one - other);
  return String(Math.round(sorted[sorted.length >> 1] ?? NaN));
}

const rows = [...rounds].map(([length, all]) => [
  `${length}`,
  middle(all, 'served'),
  middle(all, 'shed'),
  `${middle(all, 'median')} ms`,
  `${middle(all, 'late')} ms`,
]);
const columns = ['`maxQueued`', 'Served', 'Shed', 'Median wait', '99 of 100 waited at most'];
const text = [machine(), '', ...markdownTable([columns, ...rows])].join('\n');
process.stdout.write(`${text}\n`);
if (values.clients === undefined) writeSection('bench:overload', text);
