import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';
import { codeSpans, pages } from './pages.ts';

const test = suite('docs/internals.md');

const { prose, headings } = pages.find(({ path }) => path === 'docs/internals.md') ?? assert.fail();

/** The text of each file of `lib/`, by its path in that folder. */
const files = new Map(
  readdirSync(join(projectRoot, 'lib'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => [path, readFileSync(join(projectRoot, 'lib', path), 'utf8')] as const),
);

const pathsOf = (name: string): string[] =>
  [...files.keys()].filter((path) => `/${path}`.endsWith(`/${name}`));

/** The lines of the section with this heading. */
function sectionOf(title: string): string[] {
  const at = headings.findIndex(({ text }) => text === title);
  assert.notEqual(at, -1, `no heading ${title}`);
  return prose.slice(headings[at]?.line, (headings[at + 1]?.line ?? Infinity) - 1);
}

const cells = prose.filter((line) => line.startsWith('|')).flatMap((line) => line.split('|'));
const isFile = (span: string): boolean => /^[\w./-]+\.ts$/.test(span);
const isName = (span: string): boolean => /^#?[a-z]\w*$/i.test(span);

test('names files of lib/, each by a path that only one of them has', () => {
  const names = prose
    .flatMap(codeSpans)
    .filter((span) => isFile(span) && !span.startsWith('spec/'));
  assert.ok(names.length > 50);
  assert.deepEqual(
    names.filter((name) => pathsOf(name).length !== 1),
    [],
  );
});

test('names beside a file, in a cell of a table, what that file has', () => {
  const wrong = cells.flatMap((cell) => {
    const spans = codeSpans(cell);
    const texts = spans
      .filter(isFile)
      .flatMap(pathsOf)
      .map((path) => files.get(path) ?? '');
    const names = texts.length === 0 ? [] : spans.filter(isName);
    const isThere = (name: string): boolean => texts.some((text) => hasWord(text, name));
    return names.filter((name) => !isThere(name)).map((name) => `${name}: ${cell.trim()}`);
  });
  assert.deepEqual(wrong, []);
});

function hasWord(text: string, name: string): boolean {
  const escaped = name.replace('#', '#?');
  return new RegExp(`(?<![\\w#])${escaped}(?!\\w)`).test(text);
}

test('lists each variable of a module whose contents change, under "What is global"', () => {
  const declaration = /^(?:let (\w+)|const (\w+) = new (?:Weak)?(?:Map|Set)<)/gm;
  const section = sectionOf('What is global').join('\n');
  const missing = [...files].flatMap(([path, text]) => {
    const [file = ''] = path.split('/').slice(-1);
    const names = [...text.matchAll(declaration)].map(([, one, other]) => one ?? other ?? '');
    const row = section.split('\n').find((line) => line.includes(`\`${file}\``)) ?? '';
    return names.filter((name) => !row.includes(`\`${name}\``)).map((name) => `${path}: ${name}`);
  });
  assert.deepEqual(missing, []);
});

test.run();
