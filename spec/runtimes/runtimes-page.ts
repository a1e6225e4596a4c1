import { limits } from '../support/limits.ts';
import type { Limit } from '../support/limits.ts';
import { markdownTable } from '../support/markdown-table.ts';

const tested = ['Node 20', 'Node 22', 'Node 24', 'Node 26', 'Bun', 'Deno'] as const;

function isLimited({ runtimes }: Limit, runtime: string): boolean {
  const label = runtime.toLowerCase();
  const [name = label] = label.split(' ');
  return runtimes.includes(label) || runtimes.includes(name);
}

function answers(limit: Limit): string[] {
  return [limit.title, ...tested.map((name) => (isLimited(limit, name) ? '**no**' : 'yes'))];
}

function reason(limit: Limit): string {
  const affected = tested.filter((runtime) => isLimited(limit, runtime));
  return `- ${limit.title}, not on ${affected.join(', ')}: ${limit.reason}`;
}

/** docs/runtimes.md as the list of limits gives it. */
export function runtimesPage(): string {
  const list: readonly Limit[] = Object.values(limits);
  const lines = [
    '# Runtimes',
    '',
    '<!-- Written by spec/runtimes/table.ts from spec/support/limits.ts. -->',
    '',
    `Each commit is tested on ${tested.slice(0, -1).join(', ')} and ${tested.at(-1)}, in the latest`,
    'release of each. What a runtime cannot do is skipped there, by name and with its reason.',
    '',
    ...markdownTable([['What', ...tested], ...list.map((limit) => answers(limit))]),
    '',
    '## Reasons',
    '',
    ...list.map((limit) => reason(limit)),
    '',
  ];
  return lines.join('\n');
}

export const pagePath: URL = new URL('../../docs/runtimes.md', import.meta.url);
