import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { limits } from './support/limits.ts';
import { spawnScript } from './support/spawn-script.ts';
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

for (const way of ways) {
  test(
    `grows no faster than what they send, and their number (${way})`,
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
    },
    { cannot: limits.countedWork, timeout: 60_000 },
  );
}

test.run();
