import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killPrograms, watch } from '../support/programs.ts';
import { projectRoot, spawnScript } from '../support/spawn-script.ts';
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

const programs = ['drain', 'serve', 'acceptLoop'].map((name) => ['README.md', name]);

for (const args of [...programs, ...files.map((file) => [file])]) {
  test(`looks like a stop, and not like a crash: ${args.join(', ')}`, async () => {
    const env = { PORT: '0', ADMIN_PORT: '0', DELAY: '50', SOCKET: join(folder, 'socket') };
    const script = spawnScript('spec/fixtures/shutdown/early.ts', { args, env });
    const { code, signal, stderr } = await watch(script).ending;
    assert.deepEqual([code, signal, stderr], [0, null, '']);
  });
}

test.run();
