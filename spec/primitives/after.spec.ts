import assert from 'node:assert/strict';
import { after } from '../../lib/primitives/after.ts';
import { withFakeTimers } from '../support/fake-timers.ts';
import { suite } from '../support/suite.ts';

const test = suite('after');

/** What a timer can wait at most. */
const LONGEST = 2_147_483_647;

test('calls back once, after the time', async () => {
  const start = performance.now();
  let calls = 0;
  await new Promise<void>((resolve) => {
    after(20, () => {
      calls += 1;
      resolve();
    });
  });
  // A timer counts from the start of its turn, in whole milliseconds.
  assert.ok(performance.now() - start > 15);
  assert.equal(calls, 1);
});

test('sets one timer, to that time', () => {
  withFakeTimers((timers) => {
    for (const milliseconds of [0, 0.5, 1, 5000, LONGEST]) after(milliseconds, () => {});
    const times = timers.map((timer) => timer.milliseconds);
    assert.deepEqual(times, [0, 0.5, 1, 5000, LONGEST]);
    assert.ok(timers.every(({ holds }) => holds));
  });
});

test('takes a time that is over for none', () => {
  withFakeTimers((timers) => {
    after(-5, () => {});
    after(-Infinity, () => {});
    assert.deepEqual(
      timers.map(({ milliseconds }) => milliseconds),
      [0, 0],
    );
  });
});

test('sets no timer for ever, nor for longer than a timer can wait', () => {
  withFakeTimers((timers) => {
    for (const milliseconds of [Infinity, LONGEST + 1, Number.MAX_VALUE]) {
      assert.equal(
        after(milliseconds, () => {}),
        undefined,
      );
    }
    assert.deepEqual(timers, []);
  });
});

test('gives the timer, which may be cleared', async () => {
  let calls = 0;
  const timer = after(1, () => void (calls += 1));
  clearTimeout(timer);
  await new Promise((resolve) => after(20, () => resolve(undefined)));
  assert.equal(calls, 0);
});

test.run();
