import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';
import { roomOf, sourceFiles } from './imports.ts';
import { drawHouse } from './picture.ts';
import { facts, rooms } from './rooms.ts';

const test = suite('the rooms of lib/');

const files = sourceFiles();

function mayImport(importer: string, imported: string): boolean {
  const [from, to] = [roomOf(importer), roomOf(imported)];
  if (from === to) return true;
  if (facts.includes(imported)) return from !== 'primitives';
  return rooms.some(({ name, uses }) => name === from && uses.includes(to));
}

test('hold every file, and each holds some', () => {
  assert.deepEqual(new Set([...files.keys()].map(roomOf)), new Set(rooms.map(({ name }) => name)));
});

test('import one way: from lower rooms, and from the facts above them', () => {
  const wrong = [...files.values()].flatMap(({ name, imports }) =>
    imports.filter((imported) => !mayImport(name, imported)).map((each) => `${name} -> ${each}`),
  );
  assert.deepEqual(wrong, []);
});

test('are told from lowest to highest', () => {
  const names = rooms.map(({ name }) => name);
  for (const [at, { uses }] of rooms.entries()) {
    for (const used of uses) assert.ok(names.indexOf(used) < at, used);
  }
});

test('the facts know no room above the primitives', () => {
  for (const fact of facts) {
    for (const imported of files.get(fact)?.imports ?? assert.fail(fact)) {
      assert.ok(facts.includes(imported) || roomOf(imported) === 'primitives', imported);
    }
  }
});

test('a protocol is known in its own folder, and where a server is recognised', () => {
  const wrong = [...files.values()].flatMap(({ name, imports }) =>
    imports.filter(
      (imported) =>
        imported.startsWith('protocols/web-socket/') &&
        !name.startsWith('protocols/web-socket/') &&
        name !== 'protocols/recognise',
    ),
  );
  assert.deepEqual(wrong, []);
});

/** Lines of a file, unless docs/internals.md allows it more. */
const MOST = 200;

/** The files that may be longer, by the table of docs/internals.md. */
function longFiles(): Map<string, number> {
  const page = readFileSync(join(projectRoot, 'docs/internals.md'), 'utf8');
  const rows = page.matchAll(/^\| `([\w/-]+)\.ts` +\| +(\d+) +\|/gm);
  return new Map([...rows].map(([, name = '', lines]) => [name, Number(lines)]));
}

test('hold files of 200 lines at most, or as many as docs/internals.md allows', () => {
  const long = longFiles();
  const wrong = [...files.values()]
    .filter(({ name, lines }) => lines > (long.get(name) ?? MOST))
    .map(
      ({ name, lines }) => `${name}.ts has ${lines} lines, and may have ${long.get(name) ?? MOST}`,
    );
  assert.deepEqual(wrong, []);
});

test('hold every file that docs/internals.md allows more lines, and it needs them', () => {
  const long = longFiles();
  assert.ok(long.size > 0);
  for (const name of long.keys()) assert.ok((files.get(name)?.lines ?? 0) > MOST, name);
});

test('are drawn as they are: after a change, `npm run house`', () => {
  const picture = readFileSync(join(projectRoot, 'docs/figures/house.svg'), 'utf8');
  assert.equal(drawHouse(files), picture);
});

test.run();
