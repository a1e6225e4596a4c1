import assert from 'node:assert/strict';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { installPacked } from '../support/packed.ts';
import { killPrograms, runProgram } from '../support/programs.ts';
import { suite } from '../support/suite.ts';

const test = suite('a test runner', { timeout: 300_000 });

const smoke = dirname(fileURLToPath(new URL('./runners/smoke.js', import.meta.url)));
const needs = { needs: 'npm' };
const packages = [
  'jest29@npm:jest@29',
  'jest30@npm:jest@30',
  'jest-environment-jsdom@30',
  '@babel/preset-env@7',
  'vitest',
  'mocha',
  'ava',
];

/** What each runner's project holds beside the smoke. */
const projects = {
  modules: {
    'package.json': { type: 'module', ava: { files: ['ava.js'] } },
    'jest.config.json': { transform: {} },
  },
  // As docs/frameworks.md says.
  common: {
    'package.json': {},
    'jest.config.json': { transformIgnorePatterns: ['/node_modules/(?!accept-loop/)'] },
    'babel.config.json': { presets: [['@babel/preset-env', { targets: { node: 'current' } }]] },
  },
};

interface Run {
  readonly project: keyof typeof projects;
  /** Flags of Node. */
  readonly flags?: readonly string[];
  readonly program: string;
  readonly args: readonly string[];
}

const vmModules = ['--experimental-vm-modules'];
const runs: Record<string, Run> = {
  Mocha: { project: 'modules', program: 'mocha/bin/mocha.js', args: ['globals.test.js'] },
  AVA: { project: 'modules', program: 'ava/entrypoints/cli.mjs', args: [] },
};
for (const version of ['29', '30']) {
  const program = `jest${version}/bin/jest.js`;
  runs[`Jest ${version}, with modules`] = {
    project: 'modules',
    flags: vmModules,
    program,
    args: [],
  };
  runs[`Jest ${version}, with CommonJS`] = { project: 'common', program, args: [] };
}
runs['Jest 30, with jsdom'] = {
  project: 'modules',
  flags: vmModules,
  program: 'jest30/bin/jest.js',
  args: ['--env', 'jsdom'],
};
for (const pool of ['forks', 'threads', 'vmThreads']) {
  const args = ['run', '--globals', '--pool', pool];
  runs[`Vitest, with ${pool}`] = { project: 'modules', program: 'vitest/vitest.mjs', args };
}

let folder: string;

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'accept-loop-'));
  await installPacked(folder, ...packages);
  for (const [name, files] of Object.entries(projects)) {
    mkdirSync(join(folder, name));
    cpSync(smoke, join(folder, name), { recursive: true });
    for (const [file, content] of Object.entries(files)) {
      writeFileSync(join(folder, name, file), JSON.stringify(content));
    }
  }
});
test.after(() => rmSync(folder, { recursive: true, force: true }));
test.after.each(killPrograms);

for (const [name, { project, flags = [], program, args }] of Object.entries(runs)) {
  test(
    `runs what uses the package, and ends by itself: ${name}`,
    async () => {
      const all = [...flags, join(folder, 'node_modules', program), ...args];
      const { code, stdout, stderr } = await runProgram(process.execPath, all, {
        cwd: join(folder, project),
      });
      const told = stripVTControlCharacters(stdout + stderr);
      assert.equal(code, 0, told);
      assert.match(told, /\b8 (passed|passing|tests passed)/);
      assert.match(told, /a bug, which is a process warning/);
      assert.doesNotMatch(told, /did not exit|force exiting/i);
    },
    needs,
  );
}

test.run();
