/**
 * What it costs to take connections: the figures of docs/benchmarks.md.
 *
 *     npm run bench:cost [-- --runtime node --deno deno --bun bun --others node22,bun --rounds 10
 *         --only serve]
 *
 * Servers in one process each, their clients in another. `--runtime`, `--deno`, `--bun`: programs on
 * PATH, or their paths; `--others`: runtimes on which our ways are measured besides, with commas
 * between them; `--only`: the bases, and the ways whose title contains this. With `--runtime`,
 * `--rounds` or `--only` it only prints.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchRuntime } from './bench-runtime.ts';
import { type Contender, type Field, fieldOf } from './cost/contenders.ts';
import { endToEnd, type Turn } from './cost/end-to-end.ts';
import { inProcess } from './cost/in-process.ts';
import { loadClient } from './cost/load-client.ts';
import { onOtherRuntimes } from './cost/other-runtimes.ts';
import { costLine, draw, report } from './cost/page.ts';
import { machine, writeSection } from './section.ts';

/**
 * Of each load, about a tenth of a second a turn: what else the machine does is then the same for a
 * pair of one round. Warm when all that is hot has been compiled.
 */
const amount = {
  counts: { tcp: 3000, kept: 5000, new: 2000, streams: 3000 },
  warmUp: 20,
  roundsOfProcess: 8,
};

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: { runtime: text, deno: text, bun: text, others: text, rounds: text, only: text },
});
const { runtime, deno, bun, others = '', rounds = '40', only = '' } = values;
const otherRuntimes = others.split(',').filter((other) => other !== '');
const isOfficial = [runtime, values.rounds, values.only].every((option) => option === undefined);

const folder = mkdtempSync(join(tmpdir(), 'accept-loop-bench-'));

interface Measured {
  readonly turns: Map<Contender, Turn[]>;
  /** Of the clients. */
  readonly language: string;
  /** A table, if there is any. */
  readonly others: string[];
}

async function measure({ contenders }: Field): Promise<Measured> {
  const chosen = contenders.filter(({ role, title }) => role === 'base' || title.includes(only));
  const [client, language] = await loadClient(folder);
  const all = { rounds: Number(rounds), ...amount };
  try {
    const turns = await endToEnd(chosen, client, all);
    if (otherRuntimes.length === 0) return { turns, language, others: [] };
    return { turns, language, others: [await onOtherRuntimes(otherRuntimes, client, all)] };
  } finally {
    await client.stop();
  }
}

try {
  const field = fieldOf({ runtime, deno, bun, folder });
  const { turns, language, others: table } = await measure(field);
  const alone = await inProcess(benchRuntime(runtime), Number(rounds));
  const conditions = { clients: language, missing: field.missing };
  const parts = [report(turns, conditions), ...table, alone.text];
  const page = [machine(...field.programs), ...parts].join('\n\n');
  process.stdout.write(`${page}\n`);
  if (isOfficial) {
    writeSection('bench:cost', page);
    writeSection('bench:cost', costLine(turns, alone.more, field.programs[0] ?? ''), 'README.md');
    draw(turns);
  }
} finally {
  rmSync(folder, { recursive: true });
}
