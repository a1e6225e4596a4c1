import { limits, subjects } from '../support/limits.ts';
import type { Limit, PublicLimit } from '../support/limits.ts';
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

/** What runtimes cannot do in one subject: a table, and a reason for each of its rows. */
function section(subject: string, list: readonly Limit[]): string[] {
  return [
    `## ${subject}`,
    '',
    ...markdownTable([['What', ...tested], ...list.map((limit) => answers(limit))]),
    '',
    ...list.map((limit) => reason(limit)),
    '',
  ];
}

/** docs/runtimes.md as the list of limits gives it. */
export function runtimesPage(): string {
  const list: readonly PublicLimit[] = Object.values(limits);
  const lines = [
    '# Runtimes',
    '',
    '<!-- Written by spec/runtimes/table.ts from spec/support/limits.ts. -->',
    '',
    `Each commit is tested on ${tested.slice(0, -1).join(', ')} and ${tested.at(-1)}, in the latest`,
    'release of each. If a runtime cannot do something, its test is skipped there, with the reason.',
    '',
    '## What matters most',
    '',
    '- **Node** does everything that the guides describe, with three exceptions: HTTP/2 streams that',
    '  cross a GOAWAY; on Node 20 and 22, idle HTTP/2 sessions without TLS from before the call of',
    '  `drain`; on Node 26, silent clients of a `WebSocketServer` with a port.',
    '- **Bun** closes the listener of an HTTP server only when `idle` is over. Rolling stops of a cluster',
    '  may lose requests. The Unix socket of a dead process is not replaced. `accept-loop/register`',
    '  does not run.',
    '- **Deno** may reset clients that wait in the accept queue at the abort. A request behind the',
    '  response under way is not answered. A shortage of descriptors may end the process. Workers of a',
    '  cluster do not end in turn without loss.',
    '',
    ...subjects.flatMap((subject) =>
      section(
        subject,
        list.filter(({ about }) => about === subject),
      ),
    ),
  ];
  return lines.join('\n');
}

export const pagePath: URL = new URL('../../docs/runtimes.md', import.meta.url);
