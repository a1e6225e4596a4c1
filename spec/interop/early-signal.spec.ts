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

async function startEarly(program: string, ...imported: string[]): Promise<void> {
  const isUnbundled = ![program, ...imported].some((path) => path.endsWith('.mjs'));
  const env = { PORT: '0', ADMIN_PORT: '0', DELAY: '50', SOCKET: join(folder, 'socket') };
  const args = [projectRoot, program, ...imported];
  const script = spawnScript('spec/fixtures/shutdown/early.ts', { args, env, isUnbundled });
  const { code, signal, stderr } = await watch(script).ending;
  assert.deepEqual([code, signal, stderr], [0, null, '']);
}

for (const name of ['drain', 'serve', 'acceptLoop']) {
  test(`looks like a stop, and not like a crash: README.md, ${name}`, () =>
    startEarly(join(projectRoot, 'README.md'), programPath('lib/index.ts'), name));
}

for (const file of files) {
  const cannot = file.endsWith('/grpc.ts') ? limits.listeningServers : [];
  test(`looks like a stop, and not like a crash: ${file}`, () => startEarly(programPath(file)), {
    cannot,
  });
}

test.run();
