import { markdownTable } from '../../support/markdown-table.ts';
import { median } from '../median.ts';
import type { RollingFigures } from './rolling-stops.ts';
import { failedOf } from './run-round.ts';
import type { Sharing } from './types.ts';

const headings: Readonly<Record<Sharing, string>> = {
  SCHED_RR: '`node:cluster`, round robin (`SCHED_RR`)',
  SCHED_NONE: '`node:cluster`, one shared handle (`SCHED_NONE`)',
  reusePort: 'Two processes, `reusePort: true`',
};

const columns = [
  'How it stops',
  'Clients',
  'Failed',
  'Requests',
  'Of 10 000',
  'Stops',
  'Failed a stop',
  'Hung',
  'Median stop',
  'What the clients saw',
];

function row({ contender, result }: RollingFigures): string[] {
  const failed = failedOf(result);
  const reasons = Object.entries(result.failures).toSorted(([, one], [, other]) => other - one);
  const figures = [
    failed,
    result.requests,
    ((failed / result.requests) * 10_000).toFixed(failed === 0 ? 0 : 1),
    result.stops.length,
    (failed / result.stops.length).toFixed(failed === 0 ? 0 : 1),
    result.hung,
    `${median(result.stops).toFixed(0)} ms`,
  ];
  const seen = reasons.map(([reason, count]) => `${count} ${reason}`).join('; ');
  return [contender.title, contender.client, ...figures.map(String), seen];
}

/** The tables of the rolling stops. */
export function rollingTables(figures: readonly RollingFigures[]): string[] {
  const lines: string[] = [];
  for (const [sharing, heading] of Object.entries(headings)) {
    const rows = figures.filter((figure) => figure.sharing === sharing).map(row);
    if (rows.length > 0) lines.push('', `### ${heading}`, '', ...markdownTable([columns, ...rows]));
  }
  return lines;
}

/** How much of its requests have failed. */
function share({ result }: RollingFigures): number {
  return failedOf(result) / result.requests;
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}

/** Servers that are not Node's. */
const otherServers = new Set(['bun', 'deno', 'go']);

/** The least and the greatest of some shares. */
function range(shares: readonly number[]): string {
  return `${percent(Math.min(...shares))} to ${percent(Math.max(...shares))}`;
}

/** What the README says of them, in two sentences. */
export function rollingLine(figures: readonly RollingFigures[]): string {
  const others = figures.filter(({ contender }) => !contender.isOurs);
  const [ofNode, ofOthers] = [false, true].map((isOther) =>
    range(
      others.filter(({ contender }) => otherServers.has(contender.server) === isOther).map(share),
    ),
  );
  const ours = figures.filter(({ contender }) => contender.isOurs);
  const requests = ours.reduce((sum, { result }) => sum + result.requests, 0);
  const failed = ours.reduce((sum, { result }) => sum + failedOf(result), 0);
  return (
    'In rolling stops under 50 busy keep-alive clients, in a cluster or with `reusePort`, this ' +
    `package failed ${failed} of ${requests} requests. Other ways to stop a Node server failed ` +
    `${ofNode} of theirs; \`Deno.serve\`, \`Bun.serve\` and Go's \`net/http\`, ${ofOthers} ` +
    '([benchmarks](docs/benchmarks.md)).'
  );
}
