import assert from 'node:assert/strict';
import { quietController } from '../lib/quiet-controller.ts';
import { suite } from './support/suite.ts';
import { turns } from './support/turns.ts';
import { collectWarnings } from './support/warnings.ts';

const test = suite('a controller of our own');

test('has a signal that many may listen to', async () => {
  const { warnings, stopCollecting } = collectWarnings();
  const { signal } = quietController();
  for (let count = 0; count < 50; count += 1) signal.addEventListener('abort', () => {});
  await turns(2);
  stopCollecting();
  assert.deepEqual(warnings, []);
});

test('may be of a class that Node does not know', () => {
  const own = globalThis.AbortController;
  class OtherController {
    readonly signal = { aborted: false };
  }
  Object.assign(globalThis, { AbortController: OtherController });
  try {
    assert.equal(quietController().signal.aborted, false);
  } finally {
    globalThis.AbortController = own;
  }
});

test.run();
