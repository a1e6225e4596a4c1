/**
 * Ten minutes at full rate: does memory stay flat? The figure of docs/benchmarks.md.
 *
 *     npm run bench:soak [-- --seconds 600]
 *
 * `acceptLoop`, `serve` (TCP and HTTP) and `drain` in one process, the same servers with a bare
 * callback in another, side by side, each with 64 clients of whom one of ten resets or gives up.
 * With `--seconds` it only prints. Fails when something is wrong.
 */
import { text as textOf } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { spawnScript } from '../support/spawn-script.ts';
import { markdownTable } from '../support/markdown-table.ts';
import { type Series, writeLineFigure } from './line-figure.ts';
import { machine, writeSection } from './section.ts';
import type { Sample, Soak } from './soak/types.ts';

/** Heap that may come for a connection, in bytes: the smallest object that one could leave is more. */
const LEAK = 16;

const titles: Readonly<Record<string, string>> = { ours: 'accept-loop', bare: 'bare callbacks' };

const { values } = parseArgs({ options: { seconds: { type: 'string' } } });
const seconds = values.seconds ?? '600';
const mebibytes = (bytes: number): number => bytes / 2 ** 20;

async function soak(name: string): Promise<Soak> {
  const { stdout } = spawnScript('spec/bench/soak/process.ts', {
    args: [name, seconds],
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (stdout === null) throw new Error('Cannot hear the servers');
  return JSON.parse(await textOf(stdout)) as Soak;
}

/** What Node keeps ready, and what the compiler makes, has come by then. */
const settled = ({ samples }: Soak): readonly Sample[] =>
  samples.slice(Math.floor(samples.length / 4));

/** The rise of a line through a figure of the samples over their connections, by least squares. */
function bytesEach(run: Soak, pick: 'heap' | 'resident'): number {
  const samples = settled(run);
  const mean = (of: keyof Sample): number =>
    samples.reduce((sum, sample) => sum + sample[of], 0) / samples.length;
  const [meanX, meanY] = [mean('connections'), mean(pick)];
  let [rise, spread] = [0, 0];
  for (const sample of samples) {
    rise += (sample.connections - meanX) * (sample[pick] - meanY);
    spread += (sample.connections - meanX) ** 2;
  }
  return rise / spread;
}

function range(run: Soak, pick: 'heap' | 'resident'): string {
  const all = settled(run).map((sample) => mebibytes(sample[pick]));
  return `${Math.min(...all).toFixed(1)} to ${Math.max(...all).toFixed(1)} MiB`;
}

function row([name, run]: [string, Soak]): string[] {
  const { count, seen, active, forced } = run;
  const numbers = [count, seen.served, seen.gaveUp, seen.wrong, active + forced];
  return [
    titles[name] ?? '',
    ...numbers.map(String),
    range(run, 'heap'),
    bytesEach(run, 'heap').toFixed(1),
    range(run, 'resident'),
    bytesEach(run, 'resident').toFixed(1),
  ];
}

const columns = [
  'Servers',
  'Came',
  'Served whole',
  'Given up by clients',
  'Wrong',
  'Left at the end',
  'Heap',
  'Bytes each',
  'Resident',
  'Bytes each',
];

function lines(name: string, { samples }: Soak): Series[] {
  return (['resident', 'heap'] as const).map((pick) => ({
    name: `${titles[name]}: ${pick}`,
    points: samples.map((at) => [at.seconds / 60, mebibytes(at[pick])] as const),
  }));
}

const names = Object.keys(titles);
const runs = await Promise.all(
  names.map(async (name) => [name, await soak(name)] as [string, Soak]),
);
const text = [machine(), '', ...markdownTable([columns, ...runs.map(row)])].join('\n');
process.stdout.write(`${text}\n`);
if (values.seconds === undefined) {
  writeLineFigure({
    name: 'soak',
    title: 'Memory of a server process at full rate',
    x: 'minutes',
    y: 'MiB',
    series: runs.flatMap(([name, run]) => lines(name, run)),
  });
  writeSection('bench:soak', text);
}
for (const [name, run] of runs) {
  const { seen, active, forced } = run;
  const isWrong = seen.wrong + active + forced > 0 || bytesEach(run, 'heap') > LEAK;
  if (name === 'ours' && isWrong) process.exitCode = 1;
}
