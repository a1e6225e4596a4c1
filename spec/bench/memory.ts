/**
 * What connections take of the memory of a server: the figures of docs/benchmarks.md.
 *
 *     npm run bench:memory [-- --rounds 3 --connections 100000 --only serve --runtime node]
 *
 * Each figure is of a new server process, whose connections come from a client process. `--rounds`:
 * so many of each; `--connections`: so many are served and gone in a round; `--only`: those
 * whose way contains this, and what they are compared with; `--runtime`: of the servers. With any it
 * only prints.
 */
import { parseArgs } from 'node:util';
import { benchRuntime } from './bench-runtime.ts';
import { writeBarFigure } from './bar-figure.ts';
import { type GoneResult, measureGone, measureOpen, type OpenResult } from './memory/measure.ts';
import { figure, report } from './memory/page.ts';
import { baseOf, gone, open, type Variant } from './memory/variants.ts';
import { writeSection } from './section.ts';
import { takeTurns } from './take-turns.ts';

/** Of connections that are open: ascending. */
const COUNTS = [1000, 8000];

/** A queue is bounded to about as many as the kernel's. */
const QUEUED_COUNTS = [1000, 4000];

const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    connections: { type: 'string' },
    only: { type: 'string' },
    runtime: { type: 'string' },
  },
});
const { rounds, connections = '100000', only = '' } = values;
const runtime = benchRuntime(values.runtime);

function chosen(variants: readonly Variant[]): Variant[] {
  const wanted = variants.filter(({ way }) => way.includes(only));
  return variants.filter((variant) =>
    wanted.some((each) => each === variant || baseOf(each) === variant),
  );
}

const opened = await takeTurns<Variant, OpenResult[]>(
  chosen(open),
  Number(rounds ?? 3),
  (variant) => measureOpen(runtime, variant, variant.group === 'queued' ? QUEUED_COUNTS : COUNTS),
);
const left = await takeTurns<Variant, GoneResult>(chosen(gone), Number(rounds ?? 3), (variant) =>
  measureGone(runtime, variant, Number(connections)),
);

const text = report(runtime.title, { opened, left, connections: Number(connections) });
process.stdout.write(`${text}\n`);
if (Object.keys(values).length === 0) {
  writeSection('bench:memory', text);
  writeBarFigure(figure(opened));
}
