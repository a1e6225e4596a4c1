import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:net';
import { drain, serve } from 'accept-loop';
import { WebSocketServer } from 'ws';
import { SLICE_MS } from '../../lib/bounds.ts';
import { inSlices } from '../../lib/shutdown/in-slices.ts';
import { withFakeClock } from '../support/fake-clock.ts';
import { abortListeners, listenersOn } from '../support/listeners.ts';
import { gate } from '../support/scene.ts';
import { assertCounts } from '../support/serve-counts.ts';
import { connect, type Ending, listening } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { countTicks } from '../support/ticks.ts';
import { stall, until } from '../support/turns.ts';

const test = suite('what is done for many at once');

/** A WebSocket whose end takes a while. */
class Connection extends EventEmitter {
  readyState = 1;
  readonly bufferedAmount = 0;
  readonly onEnd: () => void;

  constructor(onEnd: () => void) {
    super();
    this.onEnd = onEnd;
  }

  /** The client answers at once. */
  close(): void {
    this.terminate();
  }

  terminate(): void {
    this.onEnd();
    this.readyState = 3;
    this.emit('close');
  }
}

/** Of 600 things, each of which takes a millisecond, in slices of five. */
const evenly = Array.from({ length: 120 }, () => SLICE_MS);

for (const { title, bound, between, expected } of [
  {
    title: 'is done in slices of five milliseconds, whatever other code does between them',
    bound: undefined,
    between: 100,
    expected: evenly,
  },
  {
    title: 'is done in slices without grace, too, if other code takes no more than twice the time',
    bound: 'share' as const,
    between: 2 * SLICE_MS,
    expected: evenly,
  },
  {
    title:
      'is done in one go without grace, what is left, once other code has taken most of the time',
    bound: 'share' as const,
    // A slice and what follows take 45 ms: after five of them 225, and the bound is 100 + 4 * 25.
    between: 8 * SLICE_MS,
    expected: [...Array.from({ length: 5 }, () => SLICE_MS), 600 - 5 * SLICE_MS],
  },
  {
    title: 'is done in one go after a deadline, what is left after a tenth of a second',
    bound: 'time' as const,
    // A slice and what follows take 15 ms: the eighth begins after 105.
    between: 2 * SLICE_MS,
    expected: [...Array.from({ length: 7 }, () => SLICE_MS), 600 - 7 * SLICE_MS],
  },
]) {
  test(title, () =>
    withFakeClock(async ({ advance }) => {
      let turn = 0;
      const slices: number[] = [];
      const look = (): void => {
        turn += 1;
        advance(between);
        immediate = setImmediate(look);
      };
      let immediate = setImmediate(look);
      const end = (): void => {
        advance(1);
        slices[turn] = (slices[turn] ?? 0) + 1;
      };
      const ends = Array.from({ length: 600 }, () => end);
      await new Promise<void>((resolve) => inSlices(ends, resolve, { bound }));
      clearImmediate(immediate);
      assert.deepEqual(slices, expected);
    }),
  );
}

test('is refused in slices when 3000 wait for a slot and grace is over', async () => {
  const count = 3000;
  const server = await listening(createServer());
  const before = listenersOn(server);
  const clients: Promise<{ ending: Promise<Ending> }>[] = [];
  const serving = serve(server, () => new Promise(() => {}), { concurrency: 1 });
  let closed = 0;
  server.on('connection', (socket) => socket.once('close', () => (closed += 1)));
  const isOver = once(server, 'close');
  // Fewer than the accept queue holds at a time.
  for (let some = 250; some <= count; some += 250) {
    while (clients.length < some) clients.push(connect(server));
    await until(() => serving.stats.accepted === some);
  }
  const ticks = countTicks(() => closed);
  const report = await serving.stop({ grace: 0 });
  await Promise.all([isOver, until(() => closed === count)]);
  ticks.stop();
  assertCounts(report, { accepted: count, forced: 1, abandoned: 1, discarded: count - 1 });
  assert.ok(ticks.turns() >= 3, `${ticks.turns()} turns`);
  for (const client of clients) await (await client).ending;
  server.removeAllListeners('connection');
  assert.deepEqual(listenersOn(server), before);
});

/** Brings so many connections, each of which takes a millisecond to be ended. */
function bringSlow(emitter: EventEmitter, count: number, onEnded: () => void): void {
  for (let index = 0; index < count; index += 1) {
    const connection = new Connection(() => {
      stall(1);
      onEnded();
    });
    emitter.emit('connection', connection);
  }
}

test('is refused in slices when each takes long', async () => {
  const count = 200;
  const emitter = new EventEmitter();
  let ended = 0;
  const options = { event: 'connection', concurrency: 1 };
  const serving = serve(emitter, () => new Promise(() => {}), options);
  bringSlow(emitter, count, () => (ended += 1));
  await until(() => serving.stats.active === 1);
  assert.equal(serving.stats.queued, count - 1);
  const ticks = countTicks(() => ended);
  const report = await serving.stop({ grace: 0 });
  ticks.stop();
  assertCounts(report, { accepted: count, forced: 1, abandoned: 1, discarded: count - 1 });
  assert.equal(ended, count);
  assert.ok(ticks.turns() >= 5, `${ticks.turns()} turns`);
  assert.ok(ticks.timers() >= 5, `${ticks.timers()} timers`);
  assert.deepEqual(listenersOn(emitter), {});
});

test('is refused to the last before it is over, though every handler has ended', async () => {
  const count = 50;
  const emitter = new EventEmitter();
  let ended = 0;
  const serving = serve(emitter, (_, { signal }) => once(signal, 'abort'), {
    event: 'connection',
    concurrency: 1,
  });
  bringSlow(emitter, count, () => (ended += 1));
  await until(() => serving.stats.active === 1);
  const report = await serving.stop({ grace: 0 });
  assert.equal(ended, count);
  assertCounts(report, { accepted: count, forced: 1, discarded: count - 1 });
  assert.equal(report.stragglers.length, count);
});

test('is told to 2000 handlers in slices that the shutdown has begun', async () => {
  const count = 2000;
  const emitter = new EventEmitter();
  let called = 0;
  let told = 0;
  const serving = serve(
    emitter,
    (_, { draining }) =>
      new Promise<void>((resolve) => {
        called += 1;
        draining.addEventListener('abort', () => {
          stall(0.2);
          told += 1;
          resolve();
        });
      }),
    { event: 'connection' },
  );
  for (let index = 0; index < count; index += 1) emitter.emit('connection', {});
  await until(() => called === count);
  const ticks = countTicks(() => told);
  const report = await serving.stop({ grace: 60_000 });
  ticks.stop();
  assertCounts(report, { accepted: count, completed: count });
  assert.equal(told, count);
  assert.ok(ticks.turns() >= 10, `${ticks.turns()} turns`);
  assert.ok(ticks.timers() >= 10, `${ticks.timers()} timers`);
  assert.deepEqual(listenersOn(emitter), {});
});

test('is said in slices to the clients of a WebSocketServer: goodbye', async () => {
  const count = 300;
  const server = new WebSocketServer({ noServer: true });
  const before = listenersOn(server);
  const stop = new AbortController();
  const drained = drain(server, stop.signal);
  let told = 0;
  for (let index = 0; index < count; index += 1) {
    const client = new Connection(() => {
      stall(1);
      told += 1;
    });
    server.emit('connection', client);
  }
  const ticks = countTicks(() => told);
  stop.abort();
  const { finished, forced } = await drained;
  ticks.stop();
  assert.deepEqual({ finished, forced }, { finished: count, forced: 0 });
  assert.equal(told, count);
  assert.ok(ticks.turns() >= 10, `${ticks.turns()} turns`);
  assert.ok(ticks.timers() >= 10, `${ticks.timers()} timers`);
  assert.deepEqual(listenersOn(server), before);
  assert.equal(abortListeners(stop.signal), 0);
});

test('is not hurried by one more connection: what waits for a slot has its slices', async () => {
  const count = 3;
  const emitter = new EventEmitter();
  const opened = gate();
  let called = 0;
  let calledThen = 0;
  const handler = async (): Promise<void> => {
    called += 1;
    if (called <= count) return opened.opened;
    stall(SLICE_MS);
    if (called > count + 1) return;
    // Behind the first slice, in the same turn.
    queueMicrotask(() => {
      emitter.emit('connection', 'newcomer');
      calledThen = called;
    });
  };
  const serving = serve(emitter, handler, { event: 'connection', concurrency: count });
  for (let index = 0; index < 2 * count; index += 1) emitter.emit('connection', index);
  opened.open();
  await until(() => serving.stats.completed === 2 * count + 1);
  assert.equal(calledThen, count + 1);
  assertCounts(await serving.stop(), { accepted: 2 * count + 1, completed: 2 * count + 1 });
});

test.run();
