import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { limits } from './support/limits.ts';
import { runtime } from './support/runtime.ts';
import { projectRoot, spawnScript } from './support/spawn-script.ts';
import { suite } from './support/suite.ts';
import { ways } from './support/work-scenarios.ts';

const test = suite('the work that clients make');

const FEW = 40;
const MANY = 160;

/** What is done once, and what varies with the kernel's timing, is less than this part of it. */
const TOLERANCE = 1.4;

interface Counted {
  readonly name: string;
  readonly work: [few: number, many: number];
}

/** Steps of lib/ for one more of each, by runtime, way and scenario: what there was when it was recorded. */
type Budget = Record<string, Record<string, Record<string, number>>>;

const budgetPath = join(projectRoot, 'spec/fixtures/work-budget.json');
const budget = JSON.parse(readFileSync(budgetPath, 'utf8')) as Budget;

/** More than this part of what was recorded fails. */
const MORE = 1.05;

/** Where many are open for a while, what is done now and then for all of them varies with the time. */
const steady = new Set([
  'pipelined requests that are answered at once',
  'pipelined requests that are answered at the end',
  'streams of one session',
  'connections one after the other',
]);

/** With this set, what is counted is recorded: it has to be so from now on. */
const isRecording = process.env['RECORD_WORK'] !== undefined;

/** Compares with what was recorded for this runtime. Of others nothing is known. */
function assertWithinBudget(way: string, all: readonly Counted[]): void {
  const each = Object.fromEntries(
    all
      .filter(({ name }) => steady.has(name))
      .map(({ name, work: [few, many] }) => [name, (many - few) / (MANY - FEW)]),
  );
  if (isRecording) {
    budget[runtime.label] = { ...budget[runtime.label], [way]: each };
    writeFileSync(budgetPath, `${JSON.stringify(budget, undefined, 2)}\n`);
  }
  for (const [name, recorded] of Object.entries(budget[runtime.label]?.[way] ?? {})) {
    const steps = each[name] ?? Infinity;
    const what = `${name}: ${steps.toFixed(1)} steps each, and ${recorded.toFixed(1)} were recorded`;
    assert.ok(steps <= recorded * MORE, `${what}. If it has to be so: RECORD_WORK=1`);
  }
}

for (const way of ways) {
  test(
    `grows no faster than what they send, and their number, and is no more than it was (${way})`,
    async () => {
      const child = spawnScript('spec/fixtures/counted-work.ts', {
        isUnbundled: true,
        args: [way, String(FEW), String(MANY)],
        // The coverage of the specs has counts of its own.
        env: { NODE_V8_COVERAGE: undefined },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      assert.ok(child.stdout);
      const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
      const all = output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Counted);
      assert.ok(all.length >= 8, output);
      for (const { name, work } of all) {
        const [few, many] = work;
        assert.ok(few > 0, `${name}: nothing is counted`);
        const growth = many / MANY / (few / FEW);
        assert.ok(growth < TOLERANCE, `${name}: ${few} for ${FEW}, ${many} for ${MANY}`);
      }
      assertWithinBudget(way, all);
    },
    { cannot: limits.countedWork, timeout: 60_000 },
  );
}

test.run();
