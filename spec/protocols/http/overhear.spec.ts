import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { countListeners, overhear } from '../../../lib/protocols/http/overhear.ts';
import { listenersOn } from '../../support/listeners.ts';
import { suite } from '../../support/suite.ts';

const test = suite('overhear');

const nothing = (): void => {};

test('hears an event only while somebody else does, and before them', () => {
  const emitter = new EventEmitter();
  const heard: unknown[] = [];
  const theirs = (value: unknown): void => void heard.push(['theirs', value]);
  const stop = overhear(emitter, 'upgrade', (value: unknown) => void heard.push(['ours', value]));
  assert.equal(emitter.listenerCount('upgrade'), 0);
  emitter.on('upgrade', theirs);
  assert.equal(emitter.listenerCount('upgrade'), 2);
  emitter.on('upgrade', theirs);
  assert.equal(emitter.listenerCount('upgrade'), 3);
  emitter.off('upgrade', theirs);
  emitter.emit('upgrade', 1);
  assert.deepEqual(heard, [
    ['ours', 1],
    ['theirs', 1],
  ]);
  emitter.off('upgrade', theirs);
  assert.equal(emitter.listenerCount('upgrade'), 0);
  emitter.emit('upgrade', 2);
  assert.equal(heard.length, 2);
  emitter.on('upgrade', theirs);
  stop();
  emitter.emit('upgrade', 3);
  assert.deepEqual(heard.slice(2), [['theirs', 3]]);
  emitter.off('upgrade', theirs);
  assert.deepEqual(listenersOn(emitter), {});
});

test('hears one that somebody has heard before', () => {
  const emitter = new EventEmitter();
  const heard: string[] = [];
  emitter.on('upgrade', () => void heard.push('theirs'));
  const stop = overhear(emitter, 'upgrade', () => void heard.push('ours'));
  emitter.emit('upgrade');
  assert.deepEqual(heard, ['ours', 'theirs']);
  stop();
});

test('does not take others who overhear for somebody', () => {
  const emitter = new EventEmitter();
  const heard: string[] = [];
  const stops = ['one', 'other'].map((name) =>
    overhear(emitter, 'upgrade', () => void heard.push(name)),
  );
  const also = overhear(emitter, 'connect', nothing);
  assert.equal(emitter.listenerCount('newListener'), 1);
  assert.equal(countListeners(emitter, 'upgrade'), 0);
  emitter.on('upgrade', nothing);
  assert.equal(countListeners(emitter, 'upgrade'), 1);
  emitter.emit('upgrade');
  assert.deepEqual(heard.toSorted(), ['one', 'other']);
  emitter.off('upgrade', nothing);
  assert.equal(emitter.listenerCount('upgrade'), 0);
  for (const stop of [...stops, also]) stop();
  assert.deepEqual(listenersOn(emitter), {});
});

test('leaves other events alone', () => {
  const emitter = new EventEmitter();
  const stop = overhear(emitter, 'upgrade', () => assert.fail());
  emitter.on('connect', nothing).off('connect', nothing);
  emitter.emit('connect');
  stop();
  assert.deepEqual(listenersOn(emitter), {});
});

test.run();
