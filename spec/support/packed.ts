import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from './programs.ts';
import { projectRoot } from './spawn-script.ts';

async function npm(cwd: string, ...args: string[]): Promise<void> {
  const { code, stdout, stderr } = await runProgram('npm', args, { cwd });
  assert.equal(code, 0, `npm ${args.join(' ')}:\n${stdout}${stderr}`);
}

/**
 * Makes a project in an empty folder, and installs the packed package and others in it. Run
 * `npm run build` first.
 */
export async function installPacked(project: string, ...others: string[]): Promise<void> {
  await npm(projectRoot, 'pack', '--pack-destination', project);
  const tarball = readdirSync(project).find((name) => name.endsWith('.tgz')) ?? 'no tarball';
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  await npm(project, 'install', ...flags, join(project, tarball), ...others);
}
