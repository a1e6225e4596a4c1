import assert from 'node:assert/strict';
import { limits } from '../support/limits.ts';
import { killPrograms, type Program, watch } from '../support/programs.ts';
import { connect } from '../support/sockets.ts';
import { spawnScript } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';

const test = suite('a cluster worker whose primary is killed', { timeout: 30_000 });
test.after.each(killPrograms);

/** Starts a primary with one worker. What the worker prints is the program's, and its end too. */
async function start(...args: string[]): Promise<{ program: Program; port: number }> {
  const program = watch(spawnScript('spec/fixtures/shutdown/orphan.ts', { args }));
  const [, port] = await program.printed(/^listening on (\d+)$/m);
  return { program, port: Number(port) };
}

const noticed = { cannot: limits.orphans };

for (const policy of ['shared', 'round robin']) {
  test(
    `hears of it, and serves its client to the end: ${policy}`,
    async () => {
      const { program, port } = await start(policy);
      const { socket, ending } = await connect(port);
      await program.printed(/^connected$/m);
      program.signal('SIGKILL');
      await program.printed(/^aborted: The primary of the cluster worker is gone$/m);
      socket.write('bye');
      assert.deepEqual(await ending, { text: 'goodbye', by: 'end' });
      const { stdout, stderr } = await program.ending;
      assert.equal(stderr, '');
      assert.match(stdout, /\ndrained: 1 finished, 0 forced\nexit 0\n$/);
    },
    noticed,
  );

  test(
    `serves its client to the end when it has been told to stop before: ${policy}`,
    async () => {
      const { program, port } = await start(policy, 'draining');
      const { socket, ending } = await connect(port);
      await program.printed(/^aborted: SIGTERM was received$/m);
      program.signal('SIGKILL');
      await new Promise((resolve) => program.child.once('exit', resolve));
      socket.write('bye');
      assert.deepEqual(await ending, { text: 'goodbye', by: 'end' });
      const { stdout, stderr } = await program.ending;
      assert.equal(stderr, '');
      assert.match(stdout, /\ndrained: 1 finished, 0 forced\nexit 0\n$/);
    },
    noticed,
  );
}

for (const policy of ['shared', 'round robin']) {
  test(
    `outlives a message of its own that finds no primary any more: ${policy}`,
    async () => {
      const { program, port } = await start(policy, 'crossing');
      const { socket, ending } = await connect(port);
      socket.write('bye');
      assert.deepEqual(await ending, { text: 'goodbye', by: 'end' });
      const { stdout, stderr } = await program.ending;
      assert.equal(stderr, '');
      assert.match(stdout, /\ndrained: 1 finished, 0 forced\nexit 0\n$/);
    },
    noticed,
  );
}

test(
  'is ended by Node, as before, when its signal is disposed',
  async () => {
    const { program, port } = await start('shared', 'disposed');
    const { ending } = await connect(port);
    await program.printed(/^connected$/m);
    program.signal('SIGKILL');
    await ending;
    const { stdout } = await program.ending;
    assert.match(stdout, /\nconnected\nexit 0\n$/);
  },
  noticed,
);

test.run();
