import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPacked } from '../support/packed.ts';
import { killPrograms, type Outcome, runProgram } from '../support/programs.ts';
import { projectRoot } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';

// Of the build that is there: `npm run build` comes before.
const test = suite('the package', { timeout: 120_000 });

const consumer = dirname(fileURLToPath(new URL('./consumer/types.ts', import.meta.url)));
const compiler = join(projectRoot, 'node_modules/typescript/bin/tsc');
const needs = { needs: 'npm' };

/** The part of a source map that names files. */
interface Sources {
  readonly sources: readonly string[];
}

let folder: string;
let project: string;

/** Runs a file of the project with this very Node. */
function run(...args: string[]): Promise<Outcome> {
  return runProgram(process.execPath, args, { cwd: project });
}

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'accept-loop-'));
  project = join(folder, 'project');
  mkdirSync(project);
  await installPacked(project);
  cpSync(consumer, project, { recursive: true });
  // The compiler follows the link, and finds there what these types need.
  mkdirSync(join(project, 'node_modules/@types'));
  const types = 'node_modules/@types/node';
  symlinkSync(join(projectRoot, types), join(project, types));
});
test.after(() => rmSync(folder, { recursive: true, force: true }));
test.after.each(killPrograms);

/** What there is in a folder, and below it. */
function filesOf(root: string): string[] {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => relative(root, join(parentPath, name))).toSorted();
}

/** The declarations that one leads to, from the folder of the build, itself included. */
function declarationsFrom(path: string, found: Set<string> = new Set()): Set<string> {
  if (found.has(path)) return found;
  found.add(path);
  const text = readFileSync(join(projectRoot, 'dist', path), 'utf8');
  for (const [, name = ''] of text.matchAll(/(?:from |import\()['"](\.[^'"]+)\.[jt]s['"]/g)) {
    declarationsFrom(join(dirname(path), `${name}.d.ts`), found);
  }
  return found;
}

test(
  'holds the build, its sources, and what a reader needs',
  () => {
    const sources = filesOf(join(projectRoot, 'lib')).filter((name) => name.endsWith('.ts'));
    // Those that nothing public leads to are of no use: a hundred of them.
    const own = sources.map((source) => source.replace(/ts$/, 'd.ts'));
    const needed = [...declarationsFrom('index.d.ts'), ...own.filter((name) => !/\//.test(name))];
    const types = [...new Set(needed)].flatMap((name) => [name, `${name}.map`]);
    // Three files of code, which are loaded in half the time of a hundred: what both entries need is
    // in one of them, so that they share it.
    const code = ['index', 'register', 'shared'].flatMap((name) => [
      `${name}.js`,
      `${name}.js.map`,
    ]);
    const built = [...types, ...code].map((name) => join('dist', name));
    const always = ['LICENSE', 'README.md', 'package.json'];
    const expected = [...always, ...sources.map((source) => join('lib', source)), ...built];
    const installed = filesOf(join(project, 'node_modules/accept-loop'));
    assert.deepEqual(installed, expected.toSorted());
  },
  needs,
);

test(
  'has maps that lead to its sources',
  () => {
    const dist = join(project, 'node_modules/accept-loop/dist');
    for (const map of filesOf(dist).filter((name) => name.endsWith('.map'))) {
      const { sources } = JSON.parse(readFileSync(join(dist, map), 'utf8')) as Sources;
      for (const source of sources) {
        assert.ok(existsSync(join(dist, dirname(map), source)), `${map}: ${source}`);
      }
    }
  },
  needs,
);

test(
  'brings one other package along',
  () => {
    const names = readdirSync(join(project, 'node_modules')).filter((name) => /^\w/.test(name));
    assert.deepEqual(names.toSorted(), ['accept-loop', 'events-to-async']);
  },
  needs,
);

test(
  'is imported by a module',
  async () => {
    const { code, stdout, stderr } = await run('module.mjs');
    assert.deepEqual([code, stdout, stderr], [0, 'hello from a module\n', '']);
  },
  needs,
);

test(
  'is required by CommonJS',
  async () => {
    // Node 20 and 22 warn that this is new to them.
    const { code, stdout, stderr } = await run('--no-warnings', 'common.cjs');
    assert.deepEqual([code, stdout, stderr], [0, 'hello from CommonJS\n', '']);
  },
  needs,
);

test(
  'is preloaded, and shares what it knows with a program that imports it',
  async () => {
    const { code, stdout, stderr } = await run(
      '--import',
      'accept-loop/register',
      'registered.mjs',
    );
    assert.deepEqual([code, stdout], [0, 'drained by itself\n']);
    assert.match(stderr, /^accept-loop: SIGTERM was received: .*\n.* 0 finished, 0 forced\n$/);
  },
  needs,
);

for (const [name, resolution] of [
  ['Node', ['--module', 'nodenext', '--moduleResolution', 'nodenext']],
  ['a bundler', ['--module', 'esnext', '--moduleResolution', 'bundler']],
] as const) {
  test(
    `has the types that it says, resolved as for ${name}`,
    async () => {
      const strict = ['--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false'];
      const target = ['--target', 'es2023', '--lib', 'es2023,esnext.disposable'];
      const flags = [...strict, ...target, ...resolution, '--types', 'node', '--noEmit'];
      const { code, stdout, stderr } = await run(compiler, ...flags, 'types.ts');
      assert.deepEqual([code, stdout, stderr], [0, '', '']);
    },
    needs,
  );
}

test(
  'has the compiler name an option that is misspelt',
  async () => {
    const calls = [
      `serve(createServer(), (socket) => socket.end(), { singal });`,
      `serve(createServer(), (socket: Socket) => void socket.end(), { singal });`,
      `acceptLoop(createServer(), { singal });`,
      `drain(createServer(), { singal });`,
    ];
    const lines = [
      `import { createServer, type Socket } from 'node:net';`,
      `import { acceptLoop, drain, serve, shutdownSignal } from 'accept-loop';`,
      `const singal = shutdownSignal();`,
      ...calls,
    ];
    writeFileSync(join(project, 'misspelt.ts'), lines.join('\n'));
    const flags = ['--strict', '--noEmit', '--module', 'nodenext', '--types', 'node'];
    const { stdout } = await run(compiler, ...flags, '--pretty', 'false', 'misspelt.ts');
    const errors = stdout.split(/\n(?! )/).filter((text) => text !== '');
    assert.equal(errors.length, calls.length, stdout);
    for (const error of errors) assert.match(error, /'singal' does not exist in type/);
  },
  needs,
);

test.run();
