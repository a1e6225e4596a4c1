import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { scriptCommand } from '../support/spawn-script.ts';
import type { Plan } from '../fixtures/shutdown/plan.ts';
import type { Limit } from '../support/limits.ts';
import { killPrograms, type Outcome, startProgram } from '../support/programs.ts';
import { runtime } from '../support/runtime.ts';
import { suite } from '../support/suite.ts';

const test = suite('process 1 of a container without an init', { timeout: 30_000 });
test.after.each(killPrograms);

/** Process 1 of a PID namespace: the kernel takes default actions from it. */
const asProcess1 = ['--user', '--map-root-user', '--pid', '--fork', '--kill-child'];

/** A container may not make one. */
function whyNot(): Limit[] {
  const { status, stderr, error } = spawnSync('unshare', [...asProcess1, 'true']);
  if (status === 0) return [];
  const reason = `no PID namespace can be made: ${error?.message ?? String(stderr).trim()}`;
  return [{ runtimes: [runtime.name], title: 'Be process 1', reason }];
}

const requirements = { needs: 'unshare', cannot: whyNot() };

async function run(plan: Plan): Promise<Outcome> {
  const command = scriptCommand('spec/fixtures/shutdown/raising.ts');
  const program = startProgram('unshare', [...asProcess1, ...command, JSON.stringify(plan)]);
  return program.ending;
}

for (const [name, options, status] of [
  ['SIGINT', {}, 130],
  ['SIGTERM', { endOnSecond: ['SIGTERM'] }, 143],
] as const) {
  test(
    `ends with ${status} at a second ${name} that is to end it`,
    async () => {
      const outcome = await run({ first: name, next: [{ send: name, at: 'later' }], options });
      const { code, stdout, stderr } = outcome;
      assert.deepEqual([code, stderr], [status, '']);
      const aborts = `0: ${name} was received\n1: ${name} was received\n`;
      assert.equal(stdout, `${aborts}exit ${status}\n`);
    },
    requirements,
  );
}

test(
  'drains on at a second SIGTERM, as elsewhere',
  async () => {
    const plan: Plan = { first: 'SIGTERM', next: [{ send: 'SIGTERM', at: 'later' }] };
    const { code, stdout, stderr } = await run(plan);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /\nsurvived\nexit 0\n$/);
  },
  requirements,
);

test.run();
