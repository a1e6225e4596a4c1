import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { projectRoot } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';
import { codeSpans, type Page, pages } from './pages.ts';

const test = suite('what pages point at');

/** A place in a file that points at something, and what it points at. */
interface Pointer {
  /** Its file and line. */
  readonly place: string;
  readonly target: string;
}

const withoutCode = (line: string): string => line.replaceAll(/(`+).+?\1/g, '');

function linksOf({ path, prose }: Page): Pointer[] {
  return prose.flatMap((line, at) =>
    [...withoutCode(line).matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = '']) => ({
      place: `${path}:${at + 1}`,
      target,
    })),
  );
}

const links = pages.flatMap(linksOf);
const isExternal = ({ target }: Pointer): boolean => /^[a-z]+:/.test(target);

/** As GitHub makes it, but for what it adds where two headings are the same. */
function anchorOf(heading: string): string {
  const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
  return text.replaceAll(/[^\p{Letter}\p{Number}\s_-]/gu, '').replaceAll(/\s/g, '-');
}

const anchors = new Map(
  pages.map(({ path, headings, prose }) => {
    const made = headings.map(({ text }) => anchorOf(text));
    const own = prose.flatMap((line) => [...line.matchAll(/<a id="([^"]+)">/g)]);
    return [path, new Set([...made, ...own.map(([, id = '']) => id)])];
  }),
);

/** As it is spelt, also where the file system does not tell letters apart. */
function isThere(path: string): boolean {
  const folder = dirname(path);
  if (folder === path) return true;
  const full = join(projectRoot, path);
  if (!existsSync(full)) return false;
  const name = path.slice(folder === '.' ? 0 : folder.length + 1);
  return readdirSync(dirname(full)).includes(name) && (folder === '.' || isThere(folder));
}

/** The files of a folder of the repository, from its root. */
function filesIn(folder: string): string[] {
  const names = readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' });
  return names.map((name) => join(folder, name)).filter((path) => path.endsWith('.ts'));
}

const list = (wrong: readonly Pointer[]): string[] =>
  wrong.map(({ place, target }) => `${place}: ${target}`);

test('are found at all', () => {
  assert.ok(links.filter((link) => !isExternal(link)).length > 50);
  assert.ok(links.some(isExternal));
});

test('is a file or folder of the repository, and a heading in it', () => {
  const wrong = links.filter((link) => {
    if (isExternal(link)) return false;
    const [page] = link.place.split(':');
    const [file = '', anchor] = link.target.split('#');
    const path = file === '' ? (page ?? '') : normalize(join(dirname(page ?? ''), file));
    if (!isThere(path.replace(/\/$/, ''))) return true;
    return anchor !== undefined && anchors.get(path)?.has(anchor) !== true;
  });
  assert.deepEqual(list(wrong), []);
});

test('is every page of docs/, by another page', () => {
  const found = new Set(
    links.flatMap(({ place, target }) => {
      const [page = ''] = place.split(':');
      const [file = ''] = target.split('#');
      const path = normalize(join(dirname(page), file));
      return file === '' || path === page ? [] : path;
    }),
  );
  // A folder is linked for all that is in it.
  const wrong = pages.filter(({ path }) => !found.has(path) && !found.has(dirname(path)));
  assert.deepEqual(
    wrong.filter(({ path }) => path.startsWith('docs/')).map(({ path }) => path),
    [],
  );
});

test('is a whole address, by https, where it is elsewhere', () => {
  const wrong = links.filter(isExternal).filter(({ target }) => {
    return !URL.canParse(target) || !target.startsWith('https://');
  });
  assert.deepEqual(list(wrong), []);
});

test('is written so that no link is left open', () => {
  const wrong = pages.flatMap(({ path, prose }) =>
    prose.flatMap((line, at) => {
      // A link within the text of a picture, or an address with parentheses, is not looked for.
      const rest = withoutCode(line).replaceAll(/!?\[[^\]]*\]\([^()\s]+\)/g, '');
      return /\]\(|\]\[/.test(rest) ? [{ place: `${path}:${at + 1}`, target: rest.trim() }] : [];
    }),
  );
  assert.deepEqual(list(wrong), []);
});

/** Paths of the repository that a page names as code, or a comment names at all. */
const repositoryPath =
  /(?<![\w./-])(?:(?:lib|spec|docs|\.ci)\/[\w./-]*[\w/]|(?:README|CONTRIBUTING|SECURITY|CHANGELOG)\.md)(?::\d+)?(?![\w*{$]|-\w)/g;

function pathsOf(text: string): string[] {
  return [...text.matchAll(repositoryPath)].map(([path]) => path);
}

const named: Pointer[] = [
  ...pages.flatMap(({ path, prose }) =>
    prose.flatMap((line, at) =>
      codeSpans(line)
        .flatMap(pathsOf)
        .map((target) => ({ place: `${path}:${at + 1}`, target })),
    ),
  ),
  ...['lib', 'spec', 'docs'].flatMap(filesIn).flatMap((path) =>
    readFileSync(join(projectRoot, path), 'utf8')
      .split('\n')
      .flatMap((line, at) => {
        const [, comment] = /(?:^|\s)(?:\/\/|\/?\*\*?)(.*)$/.exec(line) ?? [];
        const targets = comment === undefined ? [] : pathsOf(comment);
        return targets.map((target) => ({ place: `${path}:${at + 1}`, target }));
      }),
  ),
];

test('is there where a page or comment names a file, with as many lines as it says', () => {
  assert.ok(named.length > 20);
  const wrong = named.filter(({ target }) => {
    const [path = '', line] = target.split(':');
    if (!isThere(path.replace(/\/$/, ''))) return true;
    if (line === undefined) return false;
    const full = join(projectRoot, path);
    if (!statSync(full).isFile()) return true;
    return readFileSync(full, 'utf8').trimEnd().split('\n').length < Number(line);
  });
  assert.deepEqual(list(wrong), []);
});

test('is a script of package.json where a page says `npm run`', () => {
  const { scripts } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const runs = pages.flatMap(({ path }) => {
    const text = readFileSync(join(projectRoot, path), 'utf8');
    const found = [...text.matchAll(/npm run ([\w:-]*\w)/g)];
    return found.map(([, target = '']) => ({ place: path, target }));
  });
  assert.ok(runs.length > 5);
  assert.deepEqual(list(runs.filter(({ target }) => !(target in scripts))), []);
});

test.run();
