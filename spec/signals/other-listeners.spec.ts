import assert from 'node:assert/strict';
import type { ShutdownSignalOptions } from '../../lib/shutdown-signal.ts';
import { limits } from '../support/limits.ts';
import { killPrograms, type Outcome, watch } from '../support/programs.ts';
import { spawnScript } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';

const test = suite('shutdownSignal beside other listeners', { timeout: 30_000 });
test.after.each(killPrograms);

const orders = ['before', 'after'] as const;

/** What needs to be heard first of all. */
const cannotHearFirst = { cannot: limits.firstSignalListener };

interface Plan {
  readonly others: readonly string[];
  readonly options?: readonly ShutdownSignalOptions[];
  readonly when: (typeof orders)[number];
  readonly disposes?: boolean;
  readonly raises?: boolean;
}

/** Sends SIGTERM to a process in which others listen. */
function start(plan: Plan): Promise<Outcome> {
  const args = [JSON.stringify(plan)];
  return watch(spawnScript('spec/fixtures/shutdown/others.ts', { args })).ending;
}

async function linesOf(plan: Plan): Promise<string[]> {
  const { code, signal, stdout, stderr } = await start(plan);
  assert.deepEqual([code, signal], [0, null], stderr);
  return stdout.trimEnd().split('\n');
}

const warning = (listeners: string): string =>
  `ACCEPT_LOOP_OTHER_LISTENER: SIGTERM has ${listeners}, which may end the process before its ` +
  'connections are drained';

const harmless = {
  'signal-exit 3': ['signal-exit 3'],
  'signal-exit 4': ['signal-exit 4'],
  'both of them': ['signal-exit 3', 'signal-exit 4'],
  execa: ['execa'],
};

for (const when of orders) {
  for (const [what, others] of Object.entries(harmless)) {
    test(`is not killed, and does not warn: ${what}, which listens ${when} it`, async () => {
      const [first, ...rest] = await linesOf({ others, when });
      assert.equal(first, 'aborted 0');
      assert.equal(rest[0], `drained, ${others.length + 1} listen`);
      // It does its work at the end.
      const last = others.at(-1);
      assert.deepEqual(rest.slice(1), last === 'execa' ? [] : [`${last}: exit`]);
    });

    test(`is not killed when it is disposed at the abort: ${what}, ${when} it`, async () => {
      const lines = await linesOf({ others, when, disposes: true });
      assert.equal(lines[1], `drained, ${others.length} listen`);
    });
  }

  const requirements = when === 'before' ? cannotHearFirst : {};
  for (const what of ['counting', 'once', 'raising later']) {
    const title = `is not killed, and warns: a listener that raises the signal, ${what}, ${when} it`;
    const run = async (): Promise<void> => {
      const lines = await linesOf({ others: [what], when });
      const expected = ['aborted 0', 'drained, 1 listen', warning('1 other listener')];
      assert.deepEqual(lines.toSorted(), expected.toSorted());
    };
    test(title, run, requirements);
  }

  test(
    `aborts though another listener throws, ${when} it`,
    async () => {
      const options = [{ warnOfOthers: false }];
      const lines = await linesOf({ others: ['throwing'], when, options });
      const expected = ['aborted 0', 'drained, 2 listen', 'uncaught: of another listener'];
      assert.deepEqual(lines.toSorted(), expected);
    },
    requirements,
  );
}

for (const others of [[], ['signal-exit 4']]) {
  const title = 'is killed when it is disposed at the abort, and the signal is raised again there';
  test(`${title}: ${others.join('') || 'nobody else listens'}`, async () => {
    const outcome = await start({ others, when: 'after', disposes: true, raises: true });
    assert.deepEqual([outcome.code, outcome.signal], [null, 'SIGTERM'], outcome.stdout);
  });
}

test('warns once, of all of them, and not of signal-exit', async () => {
  const others = ['counting', 'raising later', 'signal-exit 3', 'signal-exit 4'];
  const lines = await linesOf({ others, when: 'after', options: [{}, {}] });
  const warnings = lines.filter((line) => line.startsWith('ACCEPT'));
  assert.deepEqual(warnings, [warning('2 other listeners')]);
});

test('does not warn where it is told not to', async () => {
  const options = [{ warnOfOthers: false }];
  const lines = await linesOf({ others: ['counting'], when: 'before', options });
  assert.deepEqual(lines, ['aborted 0', 'drained, 1 listen']);
});

test('is made anew where somebody has removed all listeners', async () => {
  const lines = await linesOf({ others: ['removing all before'], when: 'after' });
  assert.deepEqual(lines, ['aborted 0', 'aborted 1', 'drained, 1 listen']);
});

test('names the others where NODE_DEBUG asks for it', async () => {
  const args = [JSON.stringify({ others: ['counting', 'signal-exit 4'], when: 'after' })];
  const env = { NODE_DEBUG: 'accept-loop' };
  const { stderr } = await watch(spawnScript('spec/fixtures/shutdown/others.ts', { args, env }))
    .ending;
  assert.match(stderr, /other listeners for SIGTERM: 2, of signal-exit: 1:.*raise/);
  assert.match(stderr, /SIGTERM was received: stop/);
});

test.run();
