import assert from 'node:assert/strict';
import { Sweeper } from '../../lib/shutdown/sweeper.ts';
import { type FakeTimer, withFakeIntervals } from '../support/fake-timers.ts';
import { suite } from '../support/suite.ts';

const test = suite('Sweeper');

interface Watched {
  readonly sweeper: Sweeper;
  readonly interval: FakeTimer;
  /** How often it has looked. */
  readonly looks: () => number;
  /** Whether somebody waits. */
  isHurried: boolean;
}

/** Runs a test with a sweeper whose interval is a fake. */
function watched(run: (watched: Watched) => void): void {
  withFakeIntervals((intervals) => {
    let looks = 0;
    const sweeper = new Sweeper(
      () => (looks += 1),
      () => scene.isHurried,
    );
    const [interval = assert.fail('no timer'), ...others] = intervals;
    assert.deepEqual(others, []);
    const scene: Watched = { sweeper, interval, looks: () => looks, isHurried: false };
    run(scene);
  });
}

function fire({ interval }: Watched, times: number): void {
  for (let time = 0; time < times; time += 1) interval.fire();
}

test('looks once a second while nobody waits', () => {
  watched((scene) => {
    assert.equal(scene.interval.milliseconds, 200);
    fire(scene, 4);
    assert.equal(scene.looks(), 0);
    fire(scene, 1);
    assert.equal(scene.looks(), 1);
    fire(scene, 4);
    assert.equal(scene.looks(), 1);
    fire(scene, 6);
    assert.equal(scene.looks(), 3);
  });
});

test('looks each fifth of a second while somebody waits, and no longer', () => {
  watched((scene) => {
    scene.isHurried = true;
    fire(scene, 3);
    assert.equal(scene.looks(), 3);
    scene.isHurried = false;
    fire(scene, 1);
    assert.equal(scene.looks(), 3);
    fire(scene, 1);
    assert.equal(scene.looks(), 4);
  });
});

test('holds no process open, and leaves no timer behind', () => {
  watched(({ sweeper, interval }) => {
    assert.equal(interval.holds, false);
    assert.equal(interval.isCleared, false);
    sweeper.stop();
    assert.equal(interval.isCleared, true);
  });
});

test.run();
