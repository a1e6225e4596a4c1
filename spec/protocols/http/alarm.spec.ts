import assert from 'node:assert/strict';
import { SLICE_MS } from '../../../lib/bounds.ts';
import { Alarm, Alarms } from '../../../lib/protocols/http/alarm.ts';
import { suite } from '../../support/suite.ts';
import { countTicks } from '../../support/ticks.ts';
import { stall, turns, until } from '../../support/turns.ts';

const test = suite('alarms of one server');

const COUNT = 1000;

const fail = (): void => assert.fail('It was cleared');

/** Runs this with a count of the timers that are set and cleared meanwhile. */
function countTimers(run: () => void): { set: number; cleared: number } {
  const own = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
  const counts = { set: 0, cleared: 0 };
  const { setTimeout, clearTimeout } = own;
  Object.assign(globalThis, {
    setTimeout(...args: Parameters<typeof setTimeout>) {
      counts.set += 1;
      return setTimeout(...args);
    },
    clearTimeout(timer: NodeJS.Timeout) {
      counts.cleared += 1;
      clearTimeout(timer);
    },
  });
  try {
    run();
  } finally {
    Object.assign(globalThis, own);
  }
  return counts;
}

function manyAlarms(): Alarm[] {
  const alarms = new Alarms();
  return Array.from({ length: COUNT }, () => new Alarm(alarms));
}

test('share one timer if they are due at the same time', () => {
  const all = manyAlarms();
  const time = performance.now() + 60_000;
  const { set } = countTimers(() => {
    for (const alarm of all) alarm.setBehindInput(time, fail);
  });
  assert.equal(set, 1);
  const { cleared } = countTimers(() => {
    for (const alarm of all) alarm.clear();
  });
  assert.equal(cleared, 1);
});

for (const way of ['set', 'setBehindInput'] as const) {
  test(`are called in slices, and never early (${way})`, async () => {
    const all = manyAlarms().slice(0, 100);
    const time = performance.now() + 20;
    let called = 0;
    const call = (): void => {
      assert.ok(performance.now() >= time);
      stall(1);
      called += 1;
    };
    for (const alarm of all) alarm[way](time, call);
    const ticks = countTicks(() => called);
    await until(() => called === all.length);
    ticks.stop();
    assert.ok(ticks.turns() >= all.length / SLICE_MS / 2, `${ticks.turns()} turns`);
    assert.ok(ticks.longest() <= SLICE_MS + 1, `${ticks.longest()} in one turn`);
  });
}

test('share the slices if they are due at different times', async () => {
  const all = manyAlarms().slice(0, 50);
  const begun = performance.now();
  let called = 0;
  for (const [index, alarm] of all.entries()) {
    alarm.setBehindInput(begun + index, () => {
      stall(1);
      called += 1;
    });
  }
  // All of them are overdue when the event loop turns.
  stall(2 * all.length);
  const ticks = countTicks(() => called);
  await until(() => called === all.length);
  ticks.stop();
  assert.ok(ticks.longest() <= 2 * SLICE_MS, `${ticks.longest()} in one turn`);
});

test('are not called once they are cleared, also between two slices', async () => {
  const all = manyAlarms().slice(0, 10);
  let called = 0;
  for (const alarm of all) {
    alarm.setBehindInput(performance.now(), () => {
      called += 1;
      stall(2 * SLICE_MS);
    });
  }
  await until(() => called > 0);
  for (const alarm of all) alarm.clear();
  const then = called;
  await turns(20);
  assert.equal(called, then);
  assert.ok(then < all.length);
});

test('have one time: a new time replaces the one before', async () => {
  const [alarm = new Alarm(new Alarms())] = manyAlarms();
  const calls: string[] = [];
  alarm.set(performance.now() + 1, () => calls.push('first'));
  alarm.set(performance.now() + 5, () => calls.push('second'));
  await until(() => calls.length > 0);
  await turns(2);
  assert.deepEqual(calls, ['second']);
  alarm.set(Infinity, () => calls.push('never'));
});

test.run();
