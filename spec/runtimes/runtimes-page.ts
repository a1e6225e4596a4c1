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
  const text = limit.reason.replaceAll(/docs\/(decisions\/0*(\d+)-\S*\.md)/g, '[decision $2]($1)');
  return `- **${limit.title}**, not on ${affected.join(', ')}. ${text}`;
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
    'release of each. If a runtime cannot do something, its test is skipped there, with the reason.',
    'A few rows are about the tests themselves.',
    '',
    '## What matters most',
    '',
    '- **Node** does everything that the guides describe. Two limits concern HTTP/2 streams that cross',
    '  a GOAWAY and, on Node 26, silent clients of a `WebSocketServer` with a port.',
    '- **Bun** closes the listener of an HTTP server only when `idle` is over. Rolling stops of a cluster',
    '  may lose requests. The Unix socket of a dead process is not replaced.',
    '- **Deno** may reset clients that wait in the accept queue at the abort. A request behind the',
    '  response under way is not answered. A shortage of descriptors may end the process.',
    '',
    '## The whole list',
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
