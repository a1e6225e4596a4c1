import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants } from 'node:os';
import type { Plan, Step } from '../fixtures/shutdown/plan.ts';
import { killPrograms, type Outcome, watch } from '../support/programs.ts';
import { runtime } from '../support/runtime.ts';
import { spawnScript } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';

const test = suite('a signal after the first', { timeout: 30_000 });
test.after.each(killPrograms);

/** Has a process send itself signals, and waits for its end. */
async function run(plan: Plan): Promise<Outcome> {
  const ipc = plan.first === 'message';
  const stdio = ['pipe', 'pipe', 'pipe', ...(ipc ? ['ipc' as const] : [])] as const;
  const args = [JSON.stringify(plan)];
  const child = spawnScript('spec/fixtures/shutdown/raising.ts', { args, stdio: [...stdio] });
  const { ending } = watch(child);
  if (ipc) {
    await once(child, 'message');
    child.send('shutdown');
  }
  return ending;
}

function aborts(first: Plan['first']): string {
  const what = first === 'message' ? "The message 'shutdown'" : first;
  return `0: ${what} was received\n1: ${what} was received\n`;
}

function assertSurvived({ code, signal, stdout, stderr }: Outcome, first: Plan['first']): void {
  assert.deepEqual([code, signal, stderr], [0, null, '']);
  assert.equal(stdout, `${aborts(first)}survived\nexit 0\n`);
}

/** Killed by the signal, as a shell expects of Ctrl-C. */
function assertKilled({ code, signal, stdout, stderr }: Outcome, { first, next }: Plan): void {
  const name = next.at(-1)?.send ?? 'SIGKILL';
  const status = 128 + constants.signals[name];
  // On Deno the signal comes a moment later, and may find that the process exits or has exited.
  const exits = runtime.name === 'deno' && stdout.endsWith(`exit ${status}\n`);
  const hasExited = exits && code === status;
  assert.deepEqual([code, signal, stderr], hasExited ? [status, null, ''] : [null, name, '']);
  assert.equal(stdout, aborts(first) + (exits ? `exit ${status}\n` : ''));
}

const steps = (...all: [NodeJS.Signals, Step['at']][]): Step[] =>
  all.map(([send, at]) => ({ send, at }));

const repetitions: Record<string, Plan> = {
  'SIGTERM three times at once': {
    first: 'SIGTERM',
    next: steps(['SIGTERM', 0], ['SIGTERM', 0]),
  },
  'SIGTERM three times, as from nodemon': {
    first: 'SIGTERM',
    next: steps(['SIGTERM', 30], ['SIGTERM', 70]),
  },
  'SIGINT twice, as from npm': { first: 'SIGINT', next: steps(['SIGINT', 1]) },
  'SIGINT twice, as from concurrently': { first: 'SIGINT', next: steps(['SIGINT', 105]) },
  'SIGINT after 200 ms': { first: 'SIGINT', next: steps(['SIGINT', 200]) },
  'SIGINT at once after SIGTERM': { first: 'SIGTERM', next: steps(['SIGINT', 0]) },
  'SIGTERM soon after SIGINT': { first: 'SIGINT', next: steps(['SIGTERM', 20], ['SIGINT', 40]) },
  'SIGINT soon after the IPC message': { first: 'message', next: steps(['SIGINT', 50]) },
  'SIGINT that waits while the event loop stalls': {
    first: 'SIGINT',
    next: steps(['SIGINT', 0]),
    stall: 600,
  },
};

for (const [what, plan] of Object.entries(repetitions)) {
  test(`repeats the same request within 250 ms: ${what}`, async () => {
    assertSurvived(await run(plan), plan.first);
  });
}

const { SIGTERM, SIGINT, SIGHUP, SIGQUIT } = {
  SIGTERM: steps(['SIGTERM', 'later']),
  SIGINT: steps(['SIGINT', 'later']),
  SIGHUP: steps(['SIGHUP', 'later']),
  SIGQUIT: steps(['SIGQUIT', 'later']),
};

const ignored: Record<string, Plan> = {
  'SIGTERM, which programs repeat': { first: 'SIGTERM', next: SIGTERM },
  'SIGTERM after SIGINT': { first: 'SIGINT', next: SIGTERM },
  'SIGTERM after the IPC message': { first: 'message', next: SIGTERM },
  'SIGTERM again and again': { first: 'SIGTERM', next: [...SIGTERM, ...SIGTERM] },
  'SIGHUP, if it is asked for': {
    first: 'SIGHUP',
    next: SIGHUP,
    options: { signals: ['SIGHUP'] },
  },
  'SIGINT, with the option': { first: 'SIGINT', next: SIGINT, options: { endOnSecond: [] } },
};

for (const [what, plan] of Object.entries(ignored)) {
  test(`is ignored, so that the process may drain: ${what}`, async () => {
    assertSurvived(await run(plan), plan.first);
  });
}

const endings: Record<string, Plan> = {
  'SIGINT (A54, B48)': { first: 'SIGINT', next: SIGINT },
  'SIGINT after a repetition': {
    first: 'SIGINT',
    next: [...steps(['SIGINT', 100]), ...SIGINT],
  },
  'SIGINT after SIGTERM': { first: 'SIGTERM', next: SIGINT },
  'SIGINT after the IPC message': { first: 'message', next: SIGINT },
  'SIGINT after a second SIGTERM': { first: 'SIGTERM', next: [...SIGTERM, ...SIGINT] },
  'SIGQUIT, if it is asked for': {
    first: 'SIGTERM',
    next: SIGQUIT,
    options: { signals: ['SIGTERM', 'SIGQUIT'] },
  },
  'SIGTERM, with the option': {
    first: 'SIGTERM',
    next: SIGTERM,
    options: { endOnSecond: ['SIGTERM'] },
  },
};

for (const [what, plan] of Object.entries(endings)) {
  test(`ends the process at once: ${what}`, async () => {
    assertKilled(await run(plan), plan);
  });
}

test('ends the process at once though its default action would only suspend it: SIGTSTP', async () => {
  const options = { signals: ['SIGTSTP'], endOnSecond: ['SIGTSTP'] } as const;
  const { code, signal, stdout } = await run({
    first: 'SIGTSTP',
    next: steps(['SIGTSTP', 'later']),
    options,
  });
  const status = 128 + constants.signals.SIGTSTP;
  assert.deepEqual([code, signal], [status, null]);
  assert.equal(stdout, `${aborts('SIGTSTP')}exit ${status}\n`);
});

for (const name of ['SIGINT', 'SIGTERM'] as const) {
  test(`is for a signal that waits again, and not for its repetitions: ${name}`, async () => {
    const later = { send: name, at: 'later' } as const;
    const plan: Plan = { first: name, next: [{ send: name, at: 50 }, later], waitsAgain: true };
    const { code, signal, stdout, stderr } = await run(plan);
    assert.deepEqual([code, signal, stderr], [0, null, '']);
    assert.equal(stdout, `${aborts(name)}again: ${name} was received\nsurvived\nexit 0\n`);
  });
}

test('ends the process at once though others listen: with 128 + n, and the exit listeners', async () => {
  const options = { warnOfOthers: false };
  const plan: Plan = { first: 'SIGINT', next: SIGINT, hasOthers: true, options };
  const { code, signal, stdout, stderr } = await run(plan);
  const status = 128 + constants.signals.SIGINT;
  assert.deepEqual([code, signal, stderr], [status, null, '']);
  assert.equal(stdout, `${aborts('SIGINT')}exit ${status}\n`);
});

test.run();
