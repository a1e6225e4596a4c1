import assert from 'node:assert/strict';
import { bundleCode } from './support/bundle.ts';
import { killPrograms, startProgram } from './support/programs.ts';
import { runtime } from './support/runtime.ts';
import { projectRoot } from './support/spawn-script.ts';
import { suite } from './support/suite.ts';

const test = suite('a process that may do little', { timeout: 30_000 });
test.after.each(killPrograms);

const code = `
import { createServer } from 'node:http';
import { drain, listen, shutdownSignal } from 'accept-loop';
const signal = shutdownSignal();
const server = await listen(createServer(), { port: 0, host: '127.0.0.1' }, { signal });
const drained = drain(server, { signal });
process.kill(process.pid, 'SIGTERM');
console.log((await drained).forced);
`;

/** The arguments of this runtime: it may read the files of the project, and use the network. */
function permissions(): string[] {
  // Bun has none.
  if (runtime.name === 'bun') return [];
  if (runtime.name === 'deno') {
    return ['run', '--no-prompt', '--allow-net', '--allow-run', `--allow-read=${projectRoot}`];
  }
  const major = Number(runtime.version.split('.')[0]);
  const flag = major < 22 ? '--experimental-permission' : '--permission';
  return [flag, `--allow-fs-read=${projectRoot}/*`, ...(major < 25 ? [] : ['--allow-net'])];
}

test('imports the package, and drains a server', async () => {
  const path = bundleCode(projectRoot, 'permissions', code);
  const { ending } = startProgram(process.execPath, [...permissions(), path], projectRoot);
  const { code: exitCode, stdout, stderr } = await ending;
  assert.deepEqual([exitCode, stdout], [0, '0\n'], stderr);
});

test.run();
