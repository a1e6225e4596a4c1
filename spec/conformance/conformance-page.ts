import { markdownTable } from '../support/markdown-table.ts';
import type { Behaviour, Outside } from './behaviour.ts';
import { all, whyNot } from './behaviours/all.ts';
import type { Implementation } from './implementation.ts';
import { ourServe } from './implementations/serve.ts';
import { type Known, record } from './record.ts';

type Fact = Behaviour | Outside;

const name = ({ implementation }: Known): string => `\`${implementation.name}\``;

function runtimeName(label: string): string {
  return label.replace(/^./, (letter) => letter.toUpperCase());
}

/** Whether it fails on some of the runtimes on which it is looked at, and holds on others. */
function partly({ implementation, entries }: Known, { number }: Fact): readonly string[] {
  const { on = [] } = entries[number] ?? {};
  return on.length < (implementation.runtimes?.length ?? Infinity) ? on : [];
}

function mark(known: Known, fact: Fact): string {
  if (whyNot(fact, known.implementation) !== undefined) return '–';
  if (known.entries[fact.number]?.fails === undefined) return '✔';
  const some = partly(known, fact);
  return some.length > 0 ? `✘ ${some.map(runtimeName).join(', ')}` : '✘';
}

function row(fact: Fact): string[] {
  return [`B${fact.number}`, fact.title, ...record.map((known) => mark(known, fact))];
}

/** How many of those that apply it passes, wherever it is looked at. */
function sum(known: Known): string {
  const marks = all.map((fact) => mark(known, fact)).filter((each) => each !== '–');
  return `${marks.filter((each) => each === '✔').length} of ${marks.length}`;
}

/** What happens where it does not pass. */
function failures(known: Known): string[] {
  return all.flatMap((fact) => {
    const { fails } = known.entries[fact.number] ?? {};
    if (fails === undefined) return [];
    const where = partly(known, fact).map((label) => ` (${runtimeName(label)})`);
    return [`- B${fact.number}${where.join('')}: ${fails}`];
  });
}

/** What a runtime keeps some from that pass it elsewhere. */
function limited(fact: Fact): string[] {
  const outside = 'cannot' in fact ? fact.cannot : undefined;
  const own = record.find(({ entries }) => entries[fact.number]?.cannot !== undefined);
  const cannot = outside ?? own?.entries[fact.number]?.cannot;
  if (cannot === undefined) return [];
  return [`- B${fact.number}, ${cannot.runtimes.map(runtimeName).join(', ')}: “${cannot.title}”`];
}

const isNobodys = (fact: Fact): boolean =>
  record.every(({ implementation }) => whyNot(fact, implementation) !== undefined);

/** Why some do not apply, those with one reason together. */
function reasons(implementation: Implementation, facts: readonly Fact[]): string[] {
  const byReason = new Map<string, string[]>();
  for (const fact of facts) {
    const reason = whyNot(fact, implementation);
    if (reason === undefined) continue;
    byReason.set(reason, [...(byReason.get(reason) ?? []), `B${fact.number}`]);
  }
  return Array.from(byReason, ([reason, numbers]) => `- ${numbers.join(', ')}: ${reason}`);
}

function section(title: string, list: readonly string[]): string[] {
  return list.length > 0 ? [`### ${title}`, '', ...list, ''] : [];
}

const elsewhere = all.flatMap((fact) =>
  'shownBy' in fact && fact.shownBy !== undefined
    ? [`B${fact.number} is shown by \`${fact.shownBy.spec}\``]
    : [],
);

/** docs/conformance.md as the record gives it. */
export function conformancePage(): string {
  const table = markdownTable([
    ['', 'It …', ...record.map(name)],
    ...all.map(row),
    ['', 'passes, of all that apply', ...record.map(sum)],
  ]);
  const shared = all.filter((fact) => !isNobodys(fact));
  const lines = [
    '# Conformance',
    '',
    '<!-- Written by spec/conformance/page.ts from spec/conformance/record.ts. -->',
    '',
    'The best tests of other languages ask 52 things of a server that stops. This page puts them to',
    'this package and to what the runtimes have. Each interface is used as its documentation says,',
    'with an `error` listener on every socket and a `catch` around every handler. If the client',
    'speaks HTTP, `net.Server` is `http.Server`, and `Deno.listen` is `Deno.serve`.',
    '',
    'How to read the table:',
    '',
    '- ✔: it passes. `spec/conformance` runs it as a test.',
    '- ✘: it does not pass. A test asserts that what is listed below happens instead.',
    '- A dash: the interface has nothing of the kind. The last section says why.',
    '',
    'The tests run on these runtimes:',
    '',
    '- `acceptLoop`, `serve` and `drain` on Node 20 and 26, Bun and Deno;',
    '- `events.on` and `net.Server` on Node 20 and 26;',
    '- `Deno.listen` on Deno.',
    '',
    `${elsewhere.join('; ')}.`,
    '',
    ...table,
    '',
    '## Where a runtime cannot',
    '',
    'On these runtimes no implementation can pass. [Runtimes](runtimes.md) has the reasons.',
    '',
    ...all.flatMap(limited),
    '',
    '## What happens instead of a ✘',
    '',
    ...record.flatMap((known) => section(name(known), failures(known))),
    '## Why some do not apply',
    '',
    ...section('None has it: why this package does not', reasons(ourServe, all.filter(isNobodys))),
    ...record.flatMap((known) => section(name(known), reasons(known.implementation, shared))),
  ];
  return lines.join('\n').replace(/\n+$/, '\n');
}

export const pagePath: URL = new URL('../../docs/conformance.md', import.meta.url);
