import assert from 'node:assert/strict';
import { SLICE_MS } from '../../lib/bounds.ts';
import { eachInSlices, inSlices } from '../../lib/shutdown/in-slices.ts';
import { withFakeClock } from '../support/fake-clock.ts';
import { suite } from '../support/suite.ts';
import { stall, turns, until } from '../support/turns.ts';
import { collectWarnings } from '../support/warnings.ts';

const test = suite('inSlices()');

function fail(): never {
  throw new Error('Somebody has overridden it');
}

test('ends a few in the very call, in order', () =>
  // A busy machine may take longer than a slice.
  withFakeClock(async () => {
    const ended: unknown[] = [];
    inSlices(
      [1, 2, 3].map((each) => () => void ended.push(each)),
      () => ended.push('done'),
    );
    assert.deepEqual(ended, [1, 2, 3, 'done']);
  }));

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

test('shares the time of a slice with what else is being ended', () =>
  withFakeClock(async ({ advance }) => {
    let ended = 0;
    const strides: number[] = [];
    const look = (): void => {
      strides.push(ended);
      ended = 0;
      immediate = setImmediate(look);
    };
    const ends = Array.from({ length: 100 }, () => () => {
      advance(0.5);
      ended += 1;
    });
    let immediate = setImmediate(look);
    const begin = (): Promise<void> => new Promise((resolve) => inSlices(ends, resolve));
    await Promise.all([begin(), begin()]);
    clearImmediate(immediate);
    const [first = NaN, second = NaN, ...others] = strides;
    // The first of them began alone.
    assert.equal(first, (SLICE_MS + SLICE_MS / 2) / 0.5);
    assert.equal(second, SLICE_MS / 0.5);
    assert.ok(Math.max(...others) <= SLICE_MS / 0.5, strides.join());
  }));

test('goes through a list that changes: with what is added, and without what is removed', () =>
  withFakeClock(async ({ advance }) => {
    const items = new Set([1, 2, 3, 4]);
    const seen: number[] = [];
    const see = (item: number): void => {
      seen.push(item);
      advance(SLICE_MS);
    };
    const done = new Promise<void>((resolve) => eachInSlices(items, see, resolve));
    items.delete(3);
    items.add(5);
    await done;
    assert.deepEqual(seen, [1, 2, 4, 5]);
  }));

test.run();
