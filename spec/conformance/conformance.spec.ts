import assert, { AssertionError } from 'node:assert/strict';
import { runtime } from '../support/runtime.ts';
import { suite } from '../support/suite.ts';
import type { Behaviour } from './behaviour.ts';
import { behaviours, whyNot } from './behaviours/all.ts';
import { type Known, record } from './record.ts';
import { Scene } from './scene.ts';

/** Milliseconds: for what happens, and for what is known not to. */
const patience = { holds: 8000, fails: 300 };

/** Asserts that a behaviour holds, or that what is known happens instead. */
async function compare(
  { implementation }: Known,
  { holds }: Behaviour,
  fails: string | undefined,
): Promise<void> {
  const scene = new Scene(implementation, patience[fails === undefined ? 'holds' : 'fails']);
  try {
    if (fails === undefined) return await holds(scene);
    await assert.rejects(holds(scene), (error) => {
      if (!(error instanceof AssertionError)) throw error;
      assert.equal(error.message.split('\n')[0], fails);
      return true;
    });
  } finally {
    await scene.clear();
  }
}

for (const known of record) {
  const { implementation, entries } = known;
  const { name, runtimes = [runtime.label] } = implementation;
  if (!runtimes.includes(runtime.label)) continue;
  const test = suite(`conformance of ${name}`);
  for (const behaviour of behaviours) {
    if (whyNot(behaviour, implementation) !== undefined) continue;
    const { number, title } = behaviour;
    const { fails, on = [runtime.label], cannot } = entries[number] ?? {};
    const isFailure = fails !== undefined && on.includes(runtime.label);
    test(
      isFailure ? `does not pass B${number}, “${title}”: it ${fails}` : `${title} (B${number})`,
      () => compare(known, behaviour, isFailure ? fails : undefined),
      { ...(cannot && { cannot }) },
    );
  }
  test.run();
}
