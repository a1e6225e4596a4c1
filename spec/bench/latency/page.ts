import { markdownTable } from '../../support/markdown-table.ts';
import { compare } from '../compare.ts';
import { estimate } from '../estimate.ts';
import { median } from '../median.ts';
import type { Load, Turn } from './measure.ts';
import type { Neighbour } from './neighbours.ts';

type Turns = ReadonlyMap<Neighbour, readonly Turn[]>;
type Figure = (turn: Turn) => number;

/** The part of the requests that has waited no longer. */
const shares = { p50: 0.5, p99: 0.99, 'p99.9': 0.999 } as const;
const shareTitles = Object.keys(shares) as (keyof typeof shares)[];

/** In milliseconds. */
function quantile(latencies: readonly number[], title: keyof typeof shares): number {
  const sorted = latencies.toSorted((one, other) => one - other);
  return (sorted[Math.ceil(sorted.length * shares[title]) - 1] ?? NaN) / 1000;
}

/** A table with a row for each way to stop. */
function table(
  turns: Turns,
  columns: readonly string[],
  cells: (neighbour: Neighbour, all: readonly Turn[]) => readonly string[],
): string[] {
  const rows = [...turns].map(([neighbour, all]) => {
    const stop = median(all.map((turn) => turn.stop));
    const titles = [neighbour.title, neighbour.isBase ? '' : `${stop.toFixed(0)} ms`];
    return titles.concat(cells(neighbour, all));
  });
  return markdownTable([['How the neighbour stops', 'In', ...columns], ...rows]);
}

/** A figure beside that of the base in the same rounds; nothing of the base itself. */
function besideBase(turns: Turns, all: readonly Turn[], figure: Figure) {
  const [base = []] = turns.values();
  return base === all ? undefined : compare(all.map(figure), base.map(figure));
}

function ofServer(title: keyof typeof shares): Figure {
  return ({ server }) => quantile(server.latencies, title);
}

/** How long the clients of the server waited. */
export function latencyTable(turns: Turns): string[] {
  const columns = [...shareTitles, 'p99, more', 'p99.9, more'];
  return table(turns, columns, (_, all) => {
    const own = shareTitles.map((title) => `${median(all.map(ofServer(title))).toFixed(2)} ms`);
    const more = (['p99', 'p99.9'] as const).map((title) => {
      const comparison = besideBase(turns, all, ofServer(title));
      return comparison ? `${estimate(comparison.difference, 2)} ms` : '';
    });
    return own.concat(more);
  });
}

/** How many requests the server answers. */
export function throughputTable(turns: Turns, { window }: Load): string[] {
  const perSecond: Figure = ({ server }) => (server.latencies.length * 1000) / window;
  return table(turns, ['Requests a second', 'By the base'], (_, all) => {
    const comparison = besideBase(turns, all, perSecond);
    const ratio = comparison ? estimate(comparison.ratio, 2) : '';
    return [median(all.map(perSecond)).toFixed(0), ratio];
  });
}

/** What became of the neighbour's own requests, in all rounds together. */
export function neighbourTable(turns: Turns): string[] {
  return table(turns, ['Answered', 'Failed', ...shareTitles], (_, all) => {
    const latencies = all.flatMap(({ neighbour }) => neighbour.latencies);
    const failed = all.reduce((sum, { neighbour }) => sum + neighbour.failed, 0);
    const own = shareTitles.map((title) => `${quantile(latencies, title).toFixed(2)} ms`);
    return [String(latencies.length), String(failed)].concat(own);
  });
}
