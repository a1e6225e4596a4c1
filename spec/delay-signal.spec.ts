import assert from 'node:assert/strict';
import { once } from 'node:events';
import { inspect } from 'node:util';
import { expectTypeOf } from 'expect-type';
import { type DelayedSignal, delaySignal } from '../lib/delay-signal.ts';
import { withFakeTimers } from './support/fake-timers.ts';
import { abortListeners } from './support/listeners.ts';
import { suite } from './support/suite.ts';
import { turns } from './support/turns.ts';
import { collectWarnings } from './support/warnings.ts';

const test = suite('delaySignal');

test('aborts a time after its signal, with the same reason', () => {
  for (const reason of [new Error('stop'), 'stop', null, { why: 'stop' }]) {
    withFakeTimers((timers) => {
      const stop = new AbortController();
      const later = delaySignal(stop.signal, 5000);
      assert.equal(timers.length, 0, 'the time begins with the abort');
      stop.abort(reason);
      assert.deepEqual(
        timers.map(({ milliseconds }) => milliseconds),
        [5000],
      );
      assert.equal(later.aborted, false);
      timers[0]?.fire();
      assert.equal(later.aborted, true);
      assert.equal(later.reason, reason);
    });
  }
});

test('really waits, and tells its listeners', async () => {
  const stop = new AbortController();
  const later = delaySignal(stop.signal, 20);
  expectTypeOf(later).toEqualTypeOf<DelayedSignal>();
  // The delay itself does not keep the process alive.
  const hold = setInterval(() => {}, 1000);
  const start = performance.now();
  stop.abort();
  await once(later, 'abort');
  clearInterval(hold);
  // A timer counts from the start of its turn, in whole milliseconds.
  assert.ok(performance.now() - start > 15);
});

test('counts from the call when its signal has aborted before', () => {
  withFakeTimers((timers) => {
    const reason = new Error('long ago');
    const later = delaySignal(AbortSignal.abort(reason), 5000);
    assert.equal(later.aborted, false);
    assert.equal(timers[0]?.milliseconds, 5000);
    timers[0].fire();
    assert.equal(later.reason, reason);
  });
});

test('aborts at once with 0', () => {
  withFakeTimers((timers) => {
    const reason = new Error('now');
    const before = delaySignal(AbortSignal.abort(reason), 0);
    assert.equal(before.aborted, true);
    assert.equal(before.reason, reason);
    const stop = new AbortController();
    const later = delaySignal(stop.signal, 0);
    assert.equal(later.aborted, false);
    stop.abort(reason);
    assert.equal(later.aborted, true);
    assert.equal(later.reason, reason);
    assert.deepEqual(timers, []);
  });
});

test('never aborts with Infinity, or in more than 24 days', () => {
  withFakeTimers((timers) => {
    for (const milliseconds of [Infinity, 2 ** 31]) {
      const stop = new AbortController();
      const [later, before] = [
        delaySignal(stop.signal, milliseconds),
        delaySignal(AbortSignal.abort(), milliseconds),
      ];
      stop.abort();
      assert.deepEqual([later.aborted, before.aborted], [false, false]);
    }
    assert.deepEqual(timers, []);
  });
});

test('does not keep the process alive', () => {
  withFakeTimers((timers) => {
    delaySignal(AbortSignal.abort(), 60_000);
    assert.deepEqual(
      timers.map(({ holds }) => holds),
      [false],
    );
  });
});

test('has one listener on its signal while it waits, and none after (A15)', () => {
  withFakeTimers(() => {
    const stop = new AbortController();
    for (let count = 0; count < 20; count += 1) delaySignal(stop.signal, 5000);
    assert.equal(abortListeners(stop.signal), 1);
    stop.abort();
    assert.equal(abortListeners(stop.signal), 0);
    delaySignal(stop.signal, 5000);
    assert.equal(abortListeners(stop.signal), 0);
  });
});

test('never aborts when it is disposed before its signal does', () => {
  withFakeTimers((timers) => {
    const stop = new AbortController();
    const later = delaySignal(stop.signal, 5000);
    later[Symbol.dispose]();
    later[Symbol.dispose]();
    assert.equal(abortListeners(stop.signal), 0);
    stop.abort();
    assert.deepEqual(timers, []);
    assert.equal(later.aborted, false);
  });
});

test('never aborts when it is disposed before the time is over', () => {
  withFakeTimers((timers) => {
    const stop = new AbortController();
    const [first, second] = [delaySignal(stop.signal, 1000), delaySignal(stop.signal, 2000)];
    stop.abort();
    first[Symbol.dispose]();
    assert.deepEqual(
      timers.map(({ isCleared }) => isCleared),
      [true, false],
    );
    assert.deepEqual([first.aborted, second.aborted], [false, false]);
  });
});

test('may be disposed when it has aborted, which changes nothing', () => {
  const later = delaySignal(AbortSignal.abort('reason'), 0);
  later[Symbol.dispose]();
  assert.deepEqual([later.aborted, later.reason], [true, 'reason']);
});

test('is a signal that shows nothing more than others do', () => {
  const later = delaySignal(new AbortController().signal, 1);
  assert.ok(later instanceof AbortSignal);
  assert.deepEqual(Object.keys(later), []);
  const { [Symbol.dispose]: dispose } = later;
  dispose();
});

test('lets twenty listen without a warning (A15)', async () => {
  const { warnings, stopCollecting } = collectWarnings();
  const later = delaySignal(new AbortController().signal, 1);
  for (let count = 0; count < 20; count += 1) later.addEventListener('abort', () => {});
  await turns(3);
  stopCollecting();
  assert.deepEqual(warnings, []);
});

const { signal } = new AbortController();
for (const [args, name, message] of [
  [[], 'TypeError', '"signal" must be an AbortSignal, received undefined'],
  [[null, 5], 'TypeError', '"signal" must be an AbortSignal, received null'],
  [[{}, 5], 'TypeError', '"signal" must be an AbortSignal, received {}'],
  [
    [signal],
    'TypeError',
    '"milliseconds" must be a number of milliseconds of 0 or more.*undefined$',
  ],
  [[signal, '5'], 'TypeError', '"milliseconds" must be a number of milliseconds.* received \'5\'$'],
  [[signal, -1], 'RangeError', '"milliseconds" must be a number of milliseconds.* received -1$'],
  [[signal, NaN], 'RangeError', '"milliseconds" must be a number of milliseconds.* received NaN$'],
] as const) {
  test(`names what is wrong with ${inspect(args, { depth: 0 })}, and listens to nobody`, () => {
    const delay = delaySignal as (...anything: readonly unknown[]) => unknown;
    const expected = { name, message: new RegExp(`^Cannot delay a signal: ${message}`) };
    assert.throws(() => delay(...args), expected);
    assert.equal(abortListeners(signal), 0);
  });
}

test.run();
