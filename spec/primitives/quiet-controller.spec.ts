import assert from 'node:assert/strict';
import { isHeard, quietController } from '../../lib/primitives/quiet-controller.ts';
import { suite } from '../support/suite.ts';
import { turns } from '../support/turns.ts';
import { collectWarnings } from '../support/warnings.ts';

const test = suite('a controller of our own');

test('has a signal that many may listen to', async () => {
  const { warnings, stopCollecting } = collectWarnings();
  const { signal } = quietController();
  for (let count = 0; count < 50; count += 1) signal.addEventListener('abort', () => {});
  await turns(2);
  stopCollecting();
  assert.deepEqual(warnings, []);
});

test('has a signal of which is known whether somebody listens', () => {
  const { signal } = quietController();
  assert.equal(isHeard(signal), false);
  signal.addEventListener('abort', () => {});
  assert.equal(isHeard(signal), true);
});

test('may be of a class that Node does not know', () => {
  const own = globalThis.AbortController;
  class OtherController {
    readonly signal = { aborted: false };
  }
  Object.assign(globalThis, { AbortController: OtherController });
  try {
    const { signal } = quietController();
    assert.equal(signal.aborted, false);
    assert.equal(isHeard(signal), true);
  } finally {
    globalThis.AbortController = own;
  }
});

test.run();
