import assert from 'node:assert/strict';
import { killPrograms } from '../support/programs.ts';
import { suite } from '../support/suite.ts';
import { compile } from './compile.ts';
import { publicNames } from './fragments.ts';
import { codeSpans, pages } from './pages.ts';

const test = suite('docs/api.md', { timeout: 60_000 });
test.after.each(killPrograms);

/**
 * The name in the heading of a section, and the types whose members the section has. A type with
 * parameters has some that fit.
 */
const sections: Readonly<Record<string, readonly string[]>> = {
  acceptLoop: ['AcceptLoopOptions', 'AcceptEventOptions'],
  AcceptLoop: ['AcceptLoop<unknown>', 'AcceptLoopStats'],
  serve: ['ServeOptions<never>', 'ServeEventOptions<never>', 'ServeContext'],
  Serving: ['Serving', 'ServeStats', 'ServeReport', 'Straggler'],
  OpenConnection: ['OpenConnection'],
  drain: ['DrainOptions', 'DrainReport'],
  Draining: ['Draining', 'DrainStats'],
  taskGroup: ['TaskGroup', 'TaskGroupOptions'],
  listen: ['ListenOptions'],
  systemdSockets: ['SystemdSocket'],
  shutdownSignal: ['ShutdownSignalOptions'],
  delaySignal: [],
  Diagnostics: [
    'AcceptMessage',
    'ShedMessage',
    'ErrorMessage',
    'DrainMessage',
    'ProgressMessage',
    'EndMessage',
  ],
};

/** Those that are no objects with members of their own. */
const others = [
  'ConnectionOf',
  'ConnectionServer',
  'DelayedSignal',
  'ListenTarget',
  'ListenWhere',
  'OpenState',
  'ServeHandler',
  'ShutdownSignal',
  'WebSocketServerLike',
];

const { prose, headings } = pages.find(({ path }) => path === 'docs/api.md') ?? assert.fail();
const identifier = /[A-Za-z_$][\w$]*/g;

const wordsOf = (spans: readonly string[]): string[] =>
  spans.flatMap((span) => [...span.matchAll(identifier)].map(([word]) => word));

/** The lines of the section with a name in its heading. */
function sectionOf(name: string): string[] {
  const at = headings.findIndex(({ text }) => text.match(identifier)?.[0] === name);
  assert.notEqual(at, -1, `no heading begins with ${name}`);
  const end = headings[at + 1]?.line;
  return prose.slice((headings[at]?.line ?? 0) - 1, end === undefined ? undefined : end - 1);
}

/** A cell that is a name or some, as code: of an option, or of a member and how it is called. */
const onlyNames = /^`[^`]+`(, `[^`]+`)*$/;

/** What the first columns of tables name, but for their heads. */
function firstColumn(lines: readonly string[]): string[] {
  const rows = lines.filter(
    (line, at) => line.startsWith('|') && !lines[at + 1]?.startsWith('| --'),
  );
  const cells = rows.map((line) => line.split('|')[1]?.trim() ?? '');
  const spans = cells.filter((cell) => onlyNames.test(cell)).flatMap(codeSpans);
  return spans.flatMap((span) => /^([a-z]\w*)(\(.*\))?$/.exec(span)?.[1] ?? []);
}

const keysOf = (types: readonly string[]): string =>
  types.map((type) => `Keys<${type}>`).join(' | ');

const union = (names: readonly string[]): string =>
  [...new Set(names)].map((name) => `'${name}'`).join(' | ') || 'never';

test('names what the package exports, each of it', () => {
  const words = new Set(wordsOf(prose.flatMap(codeSpans)));
  assert.deepEqual(
    [...publicNames].filter((name) => !words.has(name)),
    [],
  );
});

test('has the members of every exported type in a section of its own', () => {
  const types = [...Object.values(sections).flat(), ...others].map((type) => type.split('<')[0]);
  const functions = Object.keys(sections).filter((name) => /^[a-z]/.test(name));
  assert.deepEqual(new Set([...types, ...functions]), publicNames);
});

test('names no type and no function that there is not', () => {
  const known = new Set(['AbortError', 'TimeoutError', 'Arguments', 'Connection', 'Server']);
  for (const name of ['AsyncIterator', 'AsyncIteratorObject', 'NodeJS', 'WebSocketServer']) {
    known.add(name);
  }
  const spans = prose.flatMap(codeSpans).join('\n');
  const types = [...spans.matchAll(/(?<![\w.'])[A-Z]\w*[a-z]\w*/g)].map(([name]) => name);
  const functions = headings.flatMap(({ text }) => /^`([a-z]\w*)\(/.exec(text)?.[1] ?? []);
  const wrong = [...types, ...functions].filter(
    (name) => !publicNames.has(name) && !(name in globalThis) && !known.has(name),
  );
  assert.ok(functions.length > 5);
  assert.deepEqual(wrong, []);
});

test('has every option and member of the types in their sections, and no other', async () => {
  const text = Object.entries(sections).flatMap(([name, types]) => {
    const lines = sectionOf(name);
    const keys = keysOf(types) || 'never';
    return [
      `const ${name}Lacks: Nothing<Exclude<${keys}, ${union(wordsOf(lines.flatMap(codeSpans)))}>> = 0;`,
      `const ${name}Invents: Nothing<Exclude<${union(firstColumn(lines))}, ${keys}>> = 0;`,
    ];
  });
  const preamble = [
    `import type { ${[...publicNames].join(', ')} } from 'accept-loop';`,
    `type Keys<Type> = Type extends unknown ? Extract<keyof Type, string> : never;`,
    `type Nothing<Names> = [Names] extends [never] ? 0 : Names;`,
  ];
  const complaints = await compile(new Map([['api.ts', [...preamble, ...text].join('\n')]]));
  const wrong = complaints.get('api.ts') ?? [];
  assert.deepEqual(
    wrong.map(
      ({ line, message }) => `${text[line - 1 - preamble.length]?.split(':')[0]}: ${message}`,
    ),
    [],
  );
});

test.run();
