import { markdownTable } from '../../support/markdown-table.ts';
import { writeBarFigure } from '../bar-figure.ts';
import { compare } from '../compare.ts';
import { estimate } from '../estimate.ts';
import { median } from '../median.ts';
import type { Contender, Load } from './contenders.ts';
import type { Turn } from './end-to-end.ts';

const headings: Readonly<Record<Load, string>> = {
  tcp: 'TCP connections',
  kept: 'HTTP requests on connections that are kept',
  new: 'HTTP requests, each on a new connection',
  streams: 'Streams of HTTP/2 sessions that are kept',
};

const nouns = { tcp: 'connection', kept: 'request', new: 'request', streams: 'stream' } as const;

type Turns = ReadonlyMap<Contender, readonly Turn[]>;

function cpuOf(turns: Turns, contender: Contender): number[] {
  return (turns.get(contender) ?? []).map(({ cpu }) => cpu);
}

function columns(load: Load): string[] {
  const cpu = `CPU a ${nouns[load]}`;
  return ['How they are taken', 'A second', cpu, 'By the callback', 'More than it'];
}

function row(turns: Turns, contender: Contender, base: Contender): string[] {
  const cpu = cpuOf(turns, contender);
  const perSecond = median((turns.get(contender) ?? []).map((turn) => turn.perSecond));
  const figures = [contender.title, perSecond.toFixed(0), `${median(cpu).toFixed(1)} µs`];
  if (contender === base) return [...figures, '', ''];
  const { ratio, difference } = compare(cpu, cpuOf(turns, base));
  return [...figures, estimate(ratio, 2), `${estimate(difference, 1)} µs`];
}

function table(turns: Turns, load: Load): string[] {
  const contenders = [...turns.keys()].filter((contender) => contender.load === load);
  const base = contenders.find(({ role }) => role === 'base');
  if (base === undefined) return [];
  const rows = contenders.map((contender) => row(turns, contender, base));
  return [`### ${headings[load]}`, '', ...markdownTable([columns(load), ...rows]), ''];
}

export interface Conditions {
  /** What language the clients are written in. */
  readonly clients: string;
  /** The titles of those for which there was no program. */
  readonly missing: readonly string[];
}

/** The tables of a run. */
export function report(turns: Turns, { clients, missing }: Conditions): string {
  const tables = (Object.keys(headings) as Load[]).flatMap((load) => table(turns, load));
  const left = missing.length > 0 ? ` Left out, not being there: ${missing.join(', ')}.` : '';
  return [`Clients in ${clients}.${left}`, '', ...tables].join('\n').trimEnd();
}

/** Draws what a TCP connection costs, however it is taken. */
export function draw(turns: Turns): void {
  const shown = [...turns.keys()].filter(({ load, role }) => load === 'tcp' && role !== 'again');
  writeBarFigure({
    name: 'cost',
    title: 'What a TCP connection costs its server',
    x: 'CPU time of the process, in µs a connection',
    categories: shown.map(({ title }) => title.replaceAll(/[`*]/g, '')),
    bars: [{ name: 'CPU', values: shown.map((contender) => median(cpuOf(turns, contender))) }],
    digits: 1,
  });
}

/** What the README says of it, in a line. @param more - Of each way, without a network. */
export function costLine(turns: Turns, more: ReadonlyMap<string, number>, runtime: string): string {
  const cpu = (title: string): string => {
    const found = [...turns.keys()].find((one) => one.load === 'tcp' && one.title === title);
    return found ? median(cpuOf(turns, found)).toFixed(1) : '?';
  };
  const own = (way: string): string => (more.get(way) ?? NaN).toFixed(1);
  return (
    `A TCP connection costs its server ${cpu("`'connection'` callback")} µs of CPU time with a bare ` +
    `callback, ${cpu('**`acceptLoop`**')} µs with \`acceptLoop\` and ${cpu('**`serve`**')} µs with ` +
    `\`serve\`. Without the network, \`acceptLoop\` adds ${own('acceptLoop')} µs to the callback, and ` +
    `\`serve\` ${own('serve')} µs ([benchmarks](docs/benchmarks.md), ${runtime}).`
  );
}
