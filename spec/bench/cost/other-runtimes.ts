import type { LineProcess } from '../../support/line-process.ts';
import { markdownTable } from '../../support/markdown-table.ts';
import { benchRuntime } from '../bench-runtime.ts';
import { compare } from '../compare.ts';
import { estimate } from '../estimate.ts';
import { median } from '../median.ts';
import { type Contender, type Load, onNodeApi } from './contenders.ts';
import { type Amount, endToEnd, type Turn } from './end-to-end.ts';

const loads: Readonly<Record<Load, string>> = {
  tcp: 'TCP connection',
  kept: 'HTTP request, kept',
  new: 'HTTP request, new connection',
  streams: 'HTTP/2 stream',
};

/** Of each load, the first is the callback. */
const shown = ['the same, once more', '**`acceptLoop`**', '**`serve`**', '**`drain`** installed'];

function cells(turns: ReadonlyMap<Contender, readonly Turn[]>, load: Load): string[] {
  const cpu = (matches: (contender: Contender) => boolean): number[] => {
    const found = [...turns].find(([each]) => each.load === load && matches(each));
    return found?.[1].map((turn) => turn.cpu) ?? [];
  };
  const base = cpu(({ role }) => role === 'base');
  const more = shown.map((title) => {
    const own = cpu((each) => each.title === title);
    return own.length === 0 ? '' : estimate(compare(own, base).difference, 1);
  });
  return [`${median(base).toFixed(1)} µs`, ...more];
}

/**
 * What our ways cost on further runtimes, each beside the callback of its own.
 *
 * @param runtimes - See `benchRuntime`.
 * @returns A table.
 */
export async function onOtherRuntimes(
  runtimes: readonly string[],
  client: LineProcess,
  amount: Amount,
): Promise<string> {
  const rows: string[][] = [];
  for (const runtime of runtimes.map((wanted) => benchRuntime(wanted))) {
    const contenders = onNodeApi(runtime).filter(
      ({ role, title }) => role === 'base' || shown.includes(title),
    );
    const turns = await endToEnd(contenders, client, amount);
    for (const [load, title] of Object.entries(loads)) {
      rows.push([runtime.title, title, ...cells(turns, load as Load)]);
    }
  }
  const columns = ['Runtime', 'Of a', 'Callback', ...shown.map((title) => `${title}, µs more`)];
  return ['### On other runtimes', '', ...markdownTable([columns, ...rows])].join('\n');
}
