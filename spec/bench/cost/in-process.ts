import { spawn } from 'node:child_process';
import { type LineProcess, lineProcess } from '../../support/line-process.ts';
import { markdownTable } from '../../support/markdown-table.ts';
import { projectRoot } from '../../support/spawn-script.ts';
import type { BenchRuntime } from '../bench-runtime.ts';
import { scriptCommand } from '../bench-server.ts';
import { compare } from '../compare.ts';
import { estimate } from '../estimate.ts';
import { median } from '../median.ts';
import { pinned } from '../pinned.ts';
import { takeTurns } from '../take-turns.ts';

/** How many come in one go. */
const sizes = [1, 100, 4096] as const;

/** Of a round, for each way and size: some tenths of a second. */
const COUNT = 20_000;

/** Until all that is hot has been compiled. */
const WARM_UPS = 3;

const titles: Readonly<Record<string, string>> = {
  bare: "`'connection'` callback",
  'events.on': '`events.on`',
  generator: 'generator over events-to-async',
  acceptLoop: '**`acceptLoop`**',
  serve: '**`serve`**',
  'serve, signals read': '**`serve`**, signals read',
};

/**
 * V8 decides by the chance of its first collections which objects it places among the old ones at
 * once, where they keep the young ones alive that they lead to; and drops its own code between turns.
 */
const flags = ['--no-allocation-site-pretenuring', '--no-flush-bytecode'];

function start(runtime: BenchRuntime, way: string): Promise<LineProcess> {
  const [own = '', ...args] = scriptCommand(runtime, 'spec/bench/cost/no-network.ts', way);
  const all = runtime.name === 'Node' ? [...flags, ...args] : args;
  const [program = '', ...rest] = pinned([own, ...all], 0);
  return lineProcess(
    spawn(program, rest, { cwd: projectRoot, stdio: ['pipe', 'pipe', 'inherit'] }),
  );
}

export interface InProcess {
  /** A table. */
  readonly text: string;
  /** Microseconds more than the callback, where a hundred come in one go. */
  readonly more: ReadonlyMap<string, number>;
}

/** What each way costs without a network. */
export async function inProcess(runtime: BenchRuntime, rounds: number): Promise<InProcess> {
  const ways = Object.keys(titles);
  const processes = await Promise.all(ways.map((way) => start(runtime, way)));
  const cost = async (way: string, size: number): Promise<number> =>
    Number(await processes[ways.indexOf(way)]?.ask(size, Math.ceil(COUNT / size) * size)) / 1000;
  for (const way of ways) {
    for (let count = 0; count < WARM_UPS; count += 1) await cost(way, 100);
  }
  const columns = ['How they are taken'];
  const rows = ways.map((way) => [titles[way] ?? '']);
  const more = new Map<string, number>();
  for (const size of sizes) {
    const turns = await takeTurns(ways, rounds, (way) => cost(way, size));
    const base = turns.get('bare') ?? [];
    columns.push(`${size} in one go`, 'More than the callback');
    for (const [place, way] of ways.entries()) {
      const figures = turns.get(way) ?? [];
      const { difference } = compare(figures, base);
      if (size === 100) more.set(way, difference.value);
      const beyond = way === 'bare' ? '' : `${estimate(difference, 2)} µs`;
      rows[place]?.push(`${median(figures).toFixed(2)} µs`, beyond);
    }
  }
  await Promise.all(processes.map(({ stop }) => stop()));
  const text = ['### Without a network', '', ...markdownTable([columns, ...rows])].join('\n');
  return { text, more };
}
