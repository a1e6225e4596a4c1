import assert from 'node:assert/strict';
import { inSlices } from '../../lib/shutdown/in-slices.ts';
import { suite } from '../support/suite.ts';
import { stall, turns, until } from '../support/turns.ts';
import { collectWarnings } from '../support/warnings.ts';

const test = suite('inSlices()');

function fail(): never {
  throw new Error('Somebody has overridden it');
}

test('ends a few in the very call, in order', () => {
  const ended: unknown[] = [];
  inSlices(
    [1, 2, 3].map((each) => () => void ended.push(each)),
    () => ended.push('done'),
  );
  assert.deepEqual(ended, [1, 2, 3, 'done']);
});

test('is done at once when there are none', () => {
  let calls = 0;
  inSlices([], () => (calls += 1));
  assert.equal(calls, 1);
});

test('lets the event loop turn between two slices, and keeps the order', async () => {
  const ended: number[] = [];
  const seen: number[] = [];
  const all = Array.from({ length: 20 }, (_, index) => index);
  const ends = all.map((index) => () => {
    // So long that few of them are a slice.
    stall(4);
    ended.push(index);
  });
  let isDone = false;
  const done = new Promise<void>((resolve) => {
    inSlices(ends, () => {
      isDone = true;
      resolve();
    });
  });
  const look = (): void => {
    seen.push(ended.length);
    if (!isDone) setImmediate(look);
  };
  look();
  await done;
  assert.deepEqual(ended, all);
  const [first = 0] = seen;
  assert.ok(first > 0 && first < all.length, `${first} in the first slice`);
  // However slow the machine is, a slice has no more than take its time.
  const largest = Math.max(...seen.map((count, index) => count - (seen[index - 1] ?? 0)));
  assert.ok(largest <= 3, `${largest} in one slice`);
});

test('warns of one whose end throws, and ends the others', async () => {
  const { warnings, stopCollecting } = collectWarnings();
  const ended: string[] = [];
  inSlices([() => void ended.push('before'), fail, () => void ended.push('after')], () =>
    ended.push('done'),
  );
  // A busy machine needs more than one slice.
  await until(() => ended.includes('done'));
  assert.deepEqual(ended, ['before', 'after', 'done']);
  await turns(2);
  stopCollecting();
  assert.deepEqual(
    warnings.map(({ message }) => message),
    ['Somebody has overridden it'],
  );
});

test.run();
