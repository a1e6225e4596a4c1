import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { projectRoot } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';
import { pages } from './pages.ts';

const test = suite('docs/pitfalls.md');

const linesOf = (path: string): readonly string[] =>
  (pages.find((page) => page.path === path) ?? assert.fail(path)).prose;

/** The lines of the page that begin with a number, such as `- **A14.**`, by the number. */
const entries = new Map(
  linesOf('docs/pitfalls.md').flatMap((line): [string, string][] => {
    const [, code] = /^- \*\*(A\d+)\.\*\* /.exec(line) ?? [];
    return code === undefined ? [] : [[code, line]];
  }),
);
const behaviours = linesOf('docs/conformance.md').flatMap(
  (line) => /^\| (B\d+) /.exec(line)?.[1] ?? [],
);

/** The numbers in the titles of each spec file, by its path. */
const titled = new Map(
  readdirSync(join(projectRoot, 'spec'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.spec.ts'))
    .map((name) => {
      const path = join('spec', name);
      const text = readFileSync(join(projectRoot, path), 'utf8');
      // At the end of a title, which may be in any quotes.
      const lists = [...text.matchAll(/\(([A-Z]\d+(?:, [A-Z]\d+)*)\)['"`]/g)];
      return [path, new Set(lists.flatMap(([, list = '']) => list.split(', ')))] as const;
    }),
);

test('has an entry for each number in the title of a spec', () => {
  const known = new Set([...entries.keys(), ...behaviours]);
  const wrong = [...titled].flatMap(([path, codes]) =>
    [...codes].filter((code) => !known.has(code)).map((code) => `${path}: ${code}`),
  );
  assert.deepEqual(wrong, []);
  assert.ok([...titled.values()].some((codes) => codes.size > 10));
});

test('has each number once, in order', () => {
  const codes = linesOf('docs/pitfalls.md').flatMap(
    (line) => /^- \*\*(A\d+)/.exec(line)?.[1] ?? [],
  );
  const numbers = codes.map((code) => Number(code.slice(1)));
  assert.deepEqual(
    numbers,
    [...new Set(numbers)].toSorted((one, other) => one - other),
  );
});

test('links with each entry to specs that have its number in a title', () => {
  const wrong = [...entries].flatMap(([code, line]) => {
    const links = [...line.matchAll(/\]\(([^)]*\.spec\.ts)\)/g)];
    const paths = links.map(([, link = '']) => normalize(join('docs', link)));
    if (paths.length === 0) return [`${code}: no spec`];
    return paths
      .filter((path) => titled.get(path)?.has(code) !== true)
      .map((path) => `${code}: ${path}`);
  });
  assert.deepEqual(wrong, []);
});

test.run();
