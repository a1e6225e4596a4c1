import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { serve } from 'accept-loop';
import { assertCounts } from '../support/serve-counts.ts';
import { suite } from '../support/suite.ts';
import { stall, until } from '../support/turns.ts';

const test = suite('the end of grace with many connections');

const COUNT = 1000;

/** What one takes to be destroyed, in milliseconds: a socket takes a third of it. */
const DESTROY_MS = 0.1;

class Connection extends EventEmitter {
  readonly onDestroy: () => void;

  constructor(onDestroy: () => void) {
    super();
    this.onDestroy = onDestroy;
  }

  destroy(): void {
    stall(DESTROY_MS);
    this.onDestroy();
    this.emit('close');
  }
}

test('lets the event loop turn while they are ended, and counts each', async () => {
  const emitter = new EventEmitter();
  let destroyed = 0;
  let called = 0;
  const aborted = new Set<number>();
  const handler = (_: unknown, { signal }: { signal: AbortSignal }): Promise<void> => {
    const id = (called += 1);
    signal.addEventListener('abort', () => aborted.add(id));
    return new Promise(() => {});
  };
  const serving = serve(emitter, handler, { event: 'connection' });
  for (let count = 0; count < COUNT; count += 1) {
    emitter.emit('connection', new Connection(() => (destroyed += 1)));
  }
  await until(() => called === COUNT);
  const seen = new Set<number>();
  const look = (): void => {
    seen.add(destroyed);
    if (destroyed < COUNT) setImmediate(look);
  };
  setImmediate(look);
  const stopped = serving.stop({ grace: 0 });
  assert.ok(destroyed > 0, 'the first slice is ended at once');
  const report = await stopped;
  assert.equal(destroyed, COUNT);
  assert.equal(aborted.size, COUNT);
  assertCounts(report, { accepted: COUNT, forced: COUNT, abandoned: COUNT });
  assert.equal(report.stragglers.length, COUNT);
  // A hundred milliseconds in slices of ten.
  assert.ok(seen.size > 3, `the loop has turned ${seen.size} times`);
});

test('lists who leaves by himself while others are ended', async () => {
  const emitter = new EventEmitter();
  const connections: Connection[] = [];
  let called = 0;
  const handler = async (connection: unknown): Promise<void> => {
    called += 1;
    await new Promise((resolve) => ([connection].flat()[0] as Connection).on('gone', resolve));
  };
  const serving = serve(emitter, handler, { event: 'connection' });
  for (let count = 0; count < COUNT; count += 1) {
    const connection = new Connection(() => connections.at(-1)?.emit('gone'));
    connections.push(connection);
    emitter.emit('connection', connection);
  }
  await until(() => called === COUNT);
  const report = await serving.stop({ grace: 0 });
  assertCounts(report, { accepted: COUNT, forced: COUNT, abandoned: COUNT - 1 });
  assert.equal(report.stragglers.length, COUNT);
});

/** Goes on after its `end()`, until it is made to go. */
class Lingerer extends EventEmitter {
  readonly onDisconnect: () => void;

  constructor(onDisconnect: () => void) {
    super();
    this.onDisconnect = onDisconnect;
  }

  end(): void {}

  disconnect(): void {
    this.onDisconnect();
    this.emit('close');
  }
}

test('does not list who has closed while those before him were ended', async () => {
  const emitter = new EventEmitter();
  const serving = serve(emitter, async () => {}, { event: 'connection', linger: Infinity });
  const last = new Lingerer(() => assert.fail('has closed before'));
  emitter.emit('connection', new Lingerer(() => last.emit('close')));
  emitter.emit('connection', last);
  await until(() => serving.stats.completed === 2);
  const report = await serving.stop({ grace: 0 });
  assertCounts(report, { accepted: 2, completed: 2 });
  assert.equal(report.stragglers.length, 1);
});

test.run();
