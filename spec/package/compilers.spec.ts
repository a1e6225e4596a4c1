import assert from 'node:assert/strict';
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPacked } from '../support/packed.ts';
import { killPrograms, runProgram } from '../support/programs.ts';
import { suite } from '../support/suite.ts';

const test = suite('the declarations', { timeout: 240_000 });

const consumer = fileURLToPath(new URL('./consumer/declarations.ts', import.meta.url));
const needs = { needs: 'npm' };

/** Each version of the compiler, with the versions of Node's types that it can read itself. */
const versions: Record<string, readonly string[]> = {
  '5.2': ['20'],
  '5.6': ['20', '22', '24', '26'],
  '5.9': ['26'],
  '6': ['26'],
  '7': ['20', '22', '24', '26'],
};
const nodes = ['20', '22', '24', '26'];

let folder: string;

/** A folder for each version of Node's types, because there they have a fixed place. */
function makeProject(node: string): void {
  const project = join(folder, `node-${node}`);
  const modules = join(project, 'node_modules');
  mkdirSync(join(modules, '@types'), { recursive: true });
  symlinkSync(join(folder, `node_modules/types-${node}`), join(modules, '@types/node'));
  cpSync(consumer, join(project, 'declarations.ts'));
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
}

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'accept-loop-'));
  const compilers = Object.keys(versions).map(
    (version) => `tsc-${version}@npm:typescript@${version}`,
  );
  const types = nodes.map((version) => `types-${version}@npm:@types/node@${version}`);
  await installPacked(folder, ...compilers, ...types);
  for (const node of nodes) makeProject(node);
});
test.after(() => rmSync(folder, { recursive: true, force: true }));
test.after.each(killPrograms);

/**
 * Each target, and `commonjs` for a version before 6, which finds declarations by rules that know no
 * `exports`. What these add is the same for all of Node's types.
 */
function settingsOf(version: string): [target: string, module: string][] {
  const old: [string, string][] = Number(version) < 6 ? [['es2022', 'commonjs']] : [];
  return [['es2022', 'nodenext'], ['esnext', 'nodenext'], ...old];
}

for (const [version, types] of Object.entries(versions)) {
  test(
    `are right for TypeScript ${version}, library checks included`,
    async () => {
      const compiler = join(folder, `node_modules/tsc-${version}/bin/tsc`);
      const strict = ['--strict', '--skipLibCheck', 'false', '--noEmit', '--types', 'node'];
      for (const node of types) {
        const settings = settingsOf(version).slice(0, node === types.at(-1) ? undefined : 1);
        for (const [target, module] of settings) {
          const cwd = join(folder, `node-${node}`);
          const targets = ['--target', target, '--module', module];
          const args = [compiler, ...strict, ...targets, 'declarations.ts'];
          const { code, stdout } = await runProgram('node', args, { cwd });
          assert.deepEqual([code, stdout], [0, ''], `@types/node ${node}, ${target}, ${module}`);
        }
      }
    },
    needs,
  );
}

test.run();
