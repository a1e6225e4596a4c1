import { markdownTable } from '../../support/markdown-table.ts';
import type { BarFigure } from '../bar-figure.ts';
import { compare, type Estimate } from '../compare.ts';
import { median } from '../median.ts';
import { machine } from '../section.ts';
import type { GoneResult, OpenResult } from './measure.ts';
import { baseOf, type Variant } from './variants.ts';

type Rounds<Result> = ReadonlyMap<Variant, readonly Result[]>;

export interface Figures {
  readonly opened: Rounds<OpenResult[]>;
  readonly left: Rounds<GoneResult>;
  /** How many were served before the look at what is left. */
  readonly connections: number;
}

interface Bytes {
  readonly heap: number;
  readonly resident: number;
}

const headings = {
  tcp: 'An idle TCP connection',
  http: 'An idle HTTP connection, kept after an answer',
  queued: 'A connection that nobody has taken',
};

/** As the picture calls them. */
const shortHeadings = { tcp: 'TCP', http: 'HTTP', queued: 'Waiting', gone: 'Gone' };

const MIB = 2 ** 20;

const columns = ['Heap each', 'over bare', 'Resident each', 'over bare'];

/** The tables. @param runtime - Of the servers. */
export function report(runtime: string, { opened, left, connections }: Figures): string {
  const groups = Object.keys(headings) as (keyof typeof headings)[];
  return [
    machine(runtime),
    ...groups.flatMap((group) => openTable(group, opened)),
    ...goneTable(left, connections),
  ].join('\n');
}

function openTable(group: keyof typeof headings, opened: Rounds<OpenResult[]>): string[] {
  const variants = [...opened.keys()].filter((variant) => variant.group === group);
  if (variants.length === 0) return [];
  const rows = variants.flatMap((variant) =>
    (opened.get(variant)?.[0] ?? []).map((_, place) => openRow(variant, opened, place)),
  );
  return [
    '',
    `### ${headings[group]}`,
    '',
    ...markdownTable([['Open', 'Way', ...columns], ...rows]),
  ];
}

/** @param place - Among the numbers of connections. */
function openRow(variant: Variant, opened: Rounds<OpenResult[]>, place: number): string[] {
  const results = at(opened, place);
  const [first] = results.get(variant) ?? [];
  const sizes = [cells(variant, results, 'heap'), cells(variant, results, 'resident')];
  return [String(first?.connections), variant.label, ...sizes.flat()];
}

/** The results with so many connections. */
function at(opened: Rounds<OpenResult[]>, place: number): Rounds<OpenResult> {
  return new Map(
    [...opened].map(([variant, rounds]) => [
      variant,
      rounds.flatMap((results) => results.slice(place).slice(0, 1)),
    ]),
  );
}

function goneTable(left: Rounds<GoneResult>, connections: number): string[] {
  if (left.size === 0) return [];
  const served = connections.toLocaleString('en').replaceAll(',', ' ');
  const sizes = ['Heap each', 'over bare', 'Resident, MiB', 'over bare', 'Heap when stopped, MiB'];
  const table = markdownTable([
    ['Way', ...sizes],
    ...[...left.keys()].map((variant) => goneRow(variant, left)),
  ]);
  return ['', `### What ${served} connections leave that have been served`, '', ...table];
}

function goneRow(variant: Variant, left: Rounds<GoneResult>): string[] {
  const end = median((left.get(variant) ?? []).map(({ heapAtEnd }) => heapAtEnd));
  return [
    variant.label,
    ...cells(variant, left, 'heap', { digits: 1 }),
    ...cells(variant, left, 'resident', { digits: 0, unit: MIB }),
    (end / MIB).toFixed(1),
  ];
}

/** What it takes, and how much more that is than with a bare callback. */
function cells(
  variant: Variant,
  results: Rounds<Bytes>,
  size: keyof Bytes,
  { digits = 0, unit = 1 } = {},
): string[] {
  const write = (bytes: number): string => (bytes / unit).toFixed(digits);
  const own = median((results.get(variant) ?? []).map((result) => result[size]));
  if (variant === baseOf(variant)) return [write(own), ''];
  const { value, low, high } = over(variant, results, size);
  return [write(own), `${write(value)} (${write(low)} to ${write(high)})`];
}

/** By how much it is more than what it is compared with. */
function over(variant: Variant, results: Rounds<Bytes>, size: keyof Bytes): Estimate {
  const [own = [], base = []] = [variant, baseOf(variant)].map((each) =>
    (results.get(each) ?? []).map((result) => result[size]),
  );
  return compare(own, base).difference;
}

/** Heap over the bare callback, with as many open as were measured. */
export function figure(opened: Rounds<OpenResult[]>): BarFigure {
  const shown = [...opened.keys()].filter((variant) => variant !== baseOf(variant));
  const results = at(opened, -1);
  return {
    name: 'memory',
    title: 'What an open connection takes more than with a bare callback',
    x: 'bytes of heap',
    categories: shown.map(({ group, label }) => `${shortHeadings[group]}: ${plain(label)}`),
    bars: [{ name: 'heap', values: shown.map((each) => over(each, results, 'heap').value) }],
  };
}

/** A picture knows no Markdown. */
function plain(label: string): string {
  return label.replaceAll('`', '');
}
