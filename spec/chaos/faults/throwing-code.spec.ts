import assert from 'node:assert/strict';
import type { AcceptLoopStats, DrainReport, ServeReport } from '../../../lib/index.ts';
import { assertConserved } from '../../support/conservation.ts';
import { killPrograms, watch } from '../../support/programs.ts';
import { assertCounts } from '../../support/serve-counts.ts';
import { spawnScript } from '../../support/spawn-script.ts';
import { suite } from '../../support/suite.ts';

const test = suite("an owner's code that throws", { timeout: 30_000 });
test.after.each(killPrograms);

interface Heard {
  readonly uncaught: readonly string[];
  readonly warned: readonly string[];
  readonly unhandled: readonly string[];
}

type Line = [name: string, report: object, heard: Heard];

/** In a process of its own: what a subscriber throws is an uncaught exception, on purpose. */
async function runAll(): Promise<Map<string, Line>> {
  const { ending } = watch(spawnScript('spec/chaos/fixtures/throwing-code.ts'));
  const { code, stdout, stderr } = await ending;
  assert.equal(code, 0, stderr);
  // Deno prints, among ours, what a listener for connections throws.
  const lines = stdout.split('\n').filter((line) => line.startsWith('['));
  return new Map(lines.map((line) => JSON.parse(line) as Line).map((line) => [line[0], line]));
}

let all: Promise<Map<string, Line>> | undefined;

async function scene<Report>(name: string): Promise<[report: Report, heard: Heard]> {
  const lines = await (all ??= runAll());
  const [, report, heard] = lines.get(name) ?? assert.fail(`nothing of ${name}`);
  return [report as Report, heard];
}

const served = { accepted: 4, completed: 2, failed: 1, shed: 1 };

for (const name of ['net', 'tls', 'http', 'https']) {
  test(`subscribers of all channels, and onError, change nothing that serve does (${name})`, async () => {
    const [report, heard] = await scene<ServeReport>(`serve (${name})`);
    assertCounts(report, served);
    // One for each message: four accepts, a shed one, errors of a handler and of accept(2), the end.
    const uncaught = ['accept', 'accept', 'accept', 'accept', 'shed', 'error', 'error', 'drain'];
    assert.deepEqual(heard.uncaught.toSorted(), [...uncaught, 'end'].toSorted());
    assert.deepEqual(heard.warned, ['onError']);
    assert.deepEqual(heard.unhandled, []);
  });
}

test('an onError that rejects is warned of, once', async () => {
  const [report, heard] = await scene<ServeReport>('serve, async');
  assertCounts(report, served);
  assert.deepEqual(heard, { uncaught: [], warned: ['onError'], unhandled: [] });
});

test('abort listeners of any signal keep no shutdown from its end', async () => {
  const [report, heard] = await scene<ServeReport>('abort listeners');
  assertCounts(report, { accepted: 1, forced: 1 });
  const uncaught = ['before', 'behind', 'draining', 'group', 'signal'];
  assert.deepEqual(
    { ...heard, uncaught: heard.uncaught.toSorted() },
    {
      uncaught,
      warned: [],
      unhandled: [],
    },
  );
});

test('a listener of the server behind ours takes no connection from the loop', async () => {
  const [stats, heard] = await scene<AcceptLoopStats & { heard: string }>('acceptLoop');
  assertConserved(stats);
  assert.deepEqual([stats.yielded, stats.heard], [1, 'hello']);
  // Deno prints what a listener for connections throws, and goes on.
  const uncaught = heard.uncaught.filter((message) => message !== 'connection');
  assert.deepEqual(uncaught, ['accept', 'end']);
});

test('subscribers of the channels keep no drain from its end', async () => {
  const [report, heard] = await scene<DrainReport>('drain');
  assert.equal(report.forced, 1);
  assert.deepEqual(heard.uncaught, ['drain', 'end']);
});

test.run();
