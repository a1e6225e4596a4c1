/**
 * How many instructions a connection or request costs: the figures of docs/benchmarks.md.
 *
 *     npm run bench:work [-- --runtime node --only serve]
 *
 * By valgrind, which has to be on PATH. `--runtime`: a Node on PATH, or its path; `--only`: the bare
 * callbacks, and the ways whose name contains this. With `--only` it only prints.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { markdownTable } from '../support/markdown-table.ts';
import { benchRuntime } from './bench-runtime.ts';
import { machine, writeSection } from './section.ts';
import { bundleLoads, instructionsOf } from './work/instructions.ts';

const loads = {
  tcp: 'A TCP connection',
  new: 'An HTTP request on a new connection',
  kept: 'An HTTP request on a kept connection',
  streams: 'A stream of a kept HTTP/2 session',
} as const;
type Load = keyof typeof loads;

const titles: Readonly<Record<string, string>> = {
  bare: 'a bare callback',
  acceptLoop: '**`acceptLoop`**',
  serve: '**`serve`**',
  drain: '**`drain`** installed',
  'http-terminator': 'http-terminator installed',
  stoppable: 'stoppable installed',
  'http-graceful-shutdown': 'http-graceful-shutdown installed',
};

/** The peers have no HTTP/2, and what waits for requests is installed on no TCP server. */
function isThere(load: Load, way: string): boolean {
  const isOurs = way === 'bare' || way === 'acceptLoop' || way === 'serve';
  return isOurs || (load !== 'tcp' && (load !== 'streams' || way === 'drain'));
}

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { runtime: text, only: text } });
const runtime = benchRuntime(values.runtime);
const program = bundleLoads();
const ways = Object.keys(titles).filter((way) => way === 'bare' || way.includes(values.only ?? ''));

const counted = new Map<string, number>();
const left = Object.keys(loads).flatMap((load) =>
  ways.filter((way) => isThere(load as Load, way)).map((way) => [load, way] as const),
);
async function lane(): Promise<void> {
  for (let next = left.shift(); next; next = left.shift()) {
    const [load, way] = next;
    counted.set(`${load} ${way}`, await instructionsOf(runtime, program, load, way));
    process.stderr.write(`${load}, ${way}: ${counted.get(`${load} ${way}`)}\n`);
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, lane));

function cell(load: Load, way: string): string {
  const [own, bare] = [counted.get(`${load} ${way}`), counted.get(`${load} bare`) ?? NaN];
  if (own === undefined) return '';
  if (way === 'bare') return `${(own / 1000).toFixed(0)} k`;
  return `${own < bare ? '' : '+'}${((own / bare - 1) * 100).toFixed(1)} %`;
}

const columns = Object.keys(loads) as Load[];
const rows = ways.map((way) => [titles[way] ?? way].concat(columns.map((load) => cell(load, way))));
const head = ['How they are taken', ...columns.map((load) => loads[load])];
const page = [machine(runtime.title), '', ...markdownTable([head, ...rows])].join('\n');
process.stdout.write(`${page}\n`);
if (values.only === undefined) writeSection('bench:work', page);
