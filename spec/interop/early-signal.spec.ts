import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { limits } from '../support/limits.ts';
import { killPrograms, watch } from '../support/programs.ts';
import { programPath, projectRoot, spawnScript } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';

const test = suite('SIGTERM before a program listens', { timeout: 30_000 });
test.after.each(killPrograms);

let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'accept-loop-'));
});
test.after(() => rm(folder, { recursive: true }));

const files = ['docs/examples', 'docs/examples/frameworks'].flatMap((directory) => {
  const names = readdirSync(join(projectRoot, directory)).filter((name) => name.endsWith('.ts'));
  return names.map((name) => `${directory}/${name}`);
});

/** Its program is a module of its own, which imports a file of lib/. */
const page = 'README.md';

async function startEarly(file: string): Promise<void> {
  const program = file === page ? join(projectRoot, file) : programPath(file);
  const isUnbundled = !program.endsWith('.mjs');
  const env = { PORT: '0', ADMIN_PORT: '0', DELAY: '50', SOCKET: join(folder, 'socket') };
  const args = [program, projectRoot];
  const script = spawnScript('spec/fixtures/shutdown/early.ts', { args, env, isUnbundled });
  const { code, signal, stderr } = await watch(script).ending;
  assert.deepEqual([code, signal, stderr], [0, null, '']);
}

for (const file of [page, ...files]) {
  const cannot = file.endsWith('/grpc.ts') ? limits.tellsOfListening : [];
  test(`looks like a stop, and not like a crash: ${file}`, () => startEarly(file), { cannot });
}

test.run();
