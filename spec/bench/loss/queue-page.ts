import { markdownTable } from '../../support/markdown-table.ts';
import { writeBarFigure } from '../bar-figure.ts';
import { median } from '../median.ts';
import type { QueueContender } from './contenders.ts';
import { lostOf, QUEUE_SIZES, type QueueFigures } from './queued-stops.ts';

/** How many wait in the figure. */
const DRAWN = 500;

const headings: Readonly<Record<QueueContender['protocol'], string>> = {
  http: 'HTTP, a request on each connection',
  tcp: 'TCP, a greeting on each connection',
};

const columns = ['How it stops', ...QUEUE_SIZES.map((count) => `Of ${count}`), 'What the lost saw'];

/** The median, and the worst where it differs. */
function cell(figures: QueueFigures | undefined): string {
  if (figures === undefined) return '';
  const lost = lostOf(figures);
  const [middle, worst] = [median(lost), Math.max(...lost)];
  return middle === worst ? `${worst}` : `${middle} (${worst})`;
}

function seenBy(figures: readonly QueueFigures[]): string {
  const counts = new Map<string, number>();
  for (const outcomes of figures.flatMap(({ rounds }) => rounds)) {
    for (const [outcome, count] of Object.entries(outcomes)) {
      if (outcome !== 'served') counts.set(outcome, (counts.get(outcome) ?? 0) + count);
    }
  }
  const sorted = [...counts].toSorted(([, one], [, another]) => another - one);
  return sorted.map(([outcome, count]) => `${count} ${outcome}`).join('; ');
}

/** Of one way to stop. */
function row(figures: readonly QueueFigures[]): string[] {
  const cells = QUEUE_SIZES.map((size) => cell(figures.find(({ count }) => count === size)));
  return [figures[0]?.contender.title ?? '', ...cells, seenBy(figures)];
}

/** The tables of the stops with clients in the accept queue. */
export function queueTables(figures: readonly QueueFigures[]): string[] {
  const lines: string[] = [];
  for (const [protocol, heading] of Object.entries(headings)) {
    const own = figures.filter(({ contender }) => contender.protocol === protocol);
    const contenders = new Set(own.map(({ contender }) => contender));
    const rows = Array.from(contenders, (contender) =>
      row(own.filter((figure) => figure.contender === contender)),
    );
    if (rows.length > 0) lines.push('', `### ${heading}`, '', ...markdownTable([columns, ...rows]));
  }
  return lines;
}

function category({ title, isOurs }: QueueContender): string {
  const plain = title.replaceAll(/[*`]|, \{ signal \}/g, '');
  return isOurs ? `accept-loop: ${plain}` : plain;
}

/** Draws how many an HTTP server loses, ours first. */
export function drawQueue(figures: readonly QueueFigures[]): void {
  const drawn = figures
    .filter(({ contender, count }) => contender.protocol === 'http' && count === DRAWN)
    .toSorted((one, other) => Number(other.contender.isOurs) - Number(one.contender.isOurs));
  writeBarFigure({
    name: 'loss',
    title: `Clients lost at a stop, of ${DRAWN} that wait in the accept queue`,
    x: 'clients without an answer, median',
    categories: drawn.map(({ contender }) => category(contender)),
    bars: [{ name: 'lost', values: drawn.map((figure) => median(lostOf(figure))) }],
  });
}
