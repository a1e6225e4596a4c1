import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { Duplex } from 'node:stream';
import { serve } from 'accept-loop';
import { Lingering, type LingeringTimes } from '../../lib/serving/lingering.ts';
import { MAX_LINGERING } from '../../lib/bounds.ts';
import type { Closable, Protocol } from '../../lib/protocols/protocol.ts';
import { Task } from '../../lib/serving/task.ts';
import { connectionsOf, scene } from '../support/scene.ts';
import { assertCounts } from '../support/serve-counts.ts';
import { connect, refuses } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { countTicks } from '../support/ticks.ts';
import { stall, turns, until } from '../support/turns.ts';

const test = suite('a lingering close');

const megabyte = 'sixteen letters\n'.repeat(65_536);

test('waits for the client to end its side, and for nothing more', async () => {
  const options = { linger: Infinity };
  const { server, serving, stop, assertOver } = await scene(async () => {}, options);
  const { socket, ending } = await connect(server, { allowHalfOpen: true });
  await once(socket, 'end');
  await turns(5);
  assert.equal(serving.stats.completed, 1);
  assert.equal(await connectionsOf(server), 1);
  let isFinished = false;
  void serving.finished.then(() => (isFinished = true));
  stop.abort();
  await refuses(server);
  await turns(20);
  assert.equal(isFinished, false);
  socket.end();
  assert.equal((await ending).by, 'end');
  assertCounts(await serving.finished, { accepted: 1, completed: 1 });
  await assertOver();
});

test('ends after `linger` ms with a client that does not, counted as completed (A38)', async () => {
  const { server, serving, stop, assertOver } = await scene(async () => {}, { linger: 50 });
  const { socket } = await connect(server, { allowHalfOpen: true });
  await once(socket, 'end');
  stop.abort();
  const report = await serving.finished;
  assertCounts(report, { accepted: 1, completed: 1 });
  assert.deepEqual(report.stragglers, []);
  socket.destroy();
  await assertOver();
});

for (const style of ['a promise', 'callback style'] as const) {
  test(`survives a reset when the handler has removed all listeners (${style})`, async () => {
    const { server, serving, stop, assertOver } = await scene(
      (socket): Promise<void> | void => {
        socket.removeAllListeners();
        socket.write('bye');
        if (style === 'a promise') return Promise.resolve();
        socket.end();
      },
      { linger: Infinity },
    );
    const { socket, ending } = await connect(server, { allowHalfOpen: true });
    await once(socket, 'end');
    socket.resetAndDestroy();
    await ending;
    await until(() => serving.stats.active === 0);
    stop.abort();
    const { completed, failed } = await serving.finished;
    assert.equal(completed + failed, 1);
    await assertOver();
  });
}

test('ends after `flush` ms with a client that does not read', async () => {
  const { server, serving, stop, assertOver } = await scene(
    async (socket) => {
      socket.write(megabyte.repeat(16));
    },
    { flush: 50, linger: Infinity },
  );
  const { socket } = await connect(server);
  socket.pause();
  stop.abort();
  const report = await serving.finished;
  assertCounts(report, { accepted: 1, completed: 1 });
  socket.destroy();
  await assertOver();
});

test('ends after `flush` ms a socket that its handler has ended in callback style', async () => {
  const { server, serving, stop, errors, assertOver } = await scene(
    (socket) => void socket.end(megabyte.repeat(16)),
    { flush: 50, linger: Infinity, grace: Infinity, concurrency: 1 },
  );
  const client = await connect(server);
  client.socket.pause();
  const next = await connect(server);
  next.socket.pause();
  await until(() => serving.stats.failed === 1);
  assert.equal(serving.stats.active, 1);
  stop.abort();
  assertCounts(await serving.finished, { accepted: 2, failed: 2 });
  assert.deepEqual(errors, []);
  for (const { socket } of [client, next]) socket.destroy();
  await assertOver();
});

test('is a straggler, though completed, when grace is over', async () => {
  const { server, serving, stop, assertOver } = await scene(async () => {}, {
    linger: Infinity,
    grace: 50,
  });
  const { socket } = await connect(server, { allowHalfOpen: true });
  const { localPort } = socket;
  await once(socket, 'end');
  stop.abort();
  const report = await serving.finished;
  assertCounts(report, { accepted: 1, completed: 1 });
  assert.deepEqual(
    report.stragglers.map(({ kind, remotePort }) => [kind, remotePort]),
    [['connection', localPort]],
  );
  socket.destroy();
  await assertOver();
});

test('discards what the client still sends, so that it is heard to the end', async () => {
  const { server, serving, stop } = await scene(async (socket) => {
    socket.write('enough');
  });
  const { socket, ending } = await connect(server, { allowHalfOpen: true });
  socket.write(megabyte.repeat(8));
  socket.end();
  assert.deepEqual(await ending, { text: 'enough', by: 'end' });
  stop.abort();
  assertCounts(await serving.finished, { accepted: 1, completed: 1 });
});

test('is not extended by a client that goes on sending', async () => {
  const { server, serving, stop } = await scene(async () => {}, { linger: 50 });
  const { socket, ending } = await connect(server, { allowHalfOpen: true });
  const send = (): void =>
    void (socket.destroyed || socket.write('more', () => setImmediate(send)));
  send();
  await ending;
  stop.abort();
  assertCounts(await serving.finished, { accepted: 1, completed: 1 });
});

interface FakeOptions {
  readonly isOver?: () => boolean;
  readonly isFlushed?: boolean;
  readonly times?: LingeringTimes;
  /** Milliseconds that it takes to destroy one. */
  readonly takes?: number;
}

const forEver: LingeringTimes = { flush: Infinity, linger: Infinity };

/** Connections that close when they are destroyed, or as the test says. */
function fakes({
  isOver = () => false,
  isFlushed = true,
  times = forEver,
  takes = 0,
}: FakeOptions = {}) {
  const destroyed: number[] = [];
  const onClose = new Map<number, () => void>();
  const closed = new Set<number>();
  const close = (index: number): void => {
    closed.add(index);
    onClose.get(index)?.();
  };
  const closable = (index: number): Closable => ({
    end: (onFlushed) => isFlushed && onFlushed(),
    destroy() {
      stall(takes);
      destroyed.push(index);
      close(index);
    },
    isClosed: () => closed.has(index),
    isOver,
    onClose: (callback) => void onClose.set(index, callback),
  });
  const scope = { protocol: { closable } as Protocol<number>, draining: undefined };
  let ended = 0;
  let begun = 0;
  const lingering = new Lingering<Task<number>>(times, () => (ended += 1));
  return {
    lingering,
    destroyed,
    close,
    /** How many have closed. */
    ended: () => ended,
    begin: (count: number): void => {
      for (const end = begun + count; begun < end; begun += 1) {
        lingering.begin(new Task(begun, scope));
      }
    },
  };
}

test('cuts the oldest when too many linger at once', async () => {
  const { lingering, destroyed, ended, begin } = fakes();
  begin(MAX_LINGERING + 2);
  await turns(1);
  assert.deepEqual(destroyed, [0, 1]);
  assert.equal(ended(), 2);
  assert.equal(lingering.size, MAX_LINGERING);
});

/** Waits until as many have been destroyed, the oldest first, and few of them in each turn. */
async function assertInSlices({ destroyed }: ReturnType<typeof fakes>, count: number) {
  const ticks = countTicks(() => destroyed.length);
  await until(() => destroyed.length >= count);
  await turns(2);
  ticks.stop();
  assert.deepEqual(
    destroyed,
    Array.from({ length: count }, (_, index) => index),
  );
  assert.ok(ticks.longest() <= 10, `${ticks.longest()} in one turn`);
}

test('cuts the oldest in slices when they are many', async () => {
  const all = fakes({ takes: 1 });
  all.begin(MAX_LINGERING + 100);
  await assertInSlices(all, 100);
  assert.equal(all.lingering.size, MAX_LINGERING);
});

for (const phase of ['flush', 'linger'] as const) {
  test(`cuts in slices all whose \`${phase}\` is over at the same instant`, async () => {
    const times = { ...forEver, [phase]: 20 };
    const all = fakes({ isFlushed: phase === 'linger', times, takes: 1 });
    all.begin(100);
    // Later than those: they come while the others are cut.
    setTimeout(() => all.begin(50), 30);
    await assertInSlices(all, 150);
    assert.deepEqual([all.lingering.size, all.ended()], [0, 150]);
  });
}

test('cuts none when enough of them close in the same turn', async () => {
  const { lingering, destroyed, close, begin } = fakes();
  begin(MAX_LINGERING + 2);
  for (const index of [3, 4]) close(index);
  await turns(1);
  assert.deepEqual(destroyed, []);
  assert.equal(lingering.size, MAX_LINGERING);
});

test('is no lingering when both sides have ended, and a look ends what does not close then', () => {
  const { lingering, destroyed, close, ended, begin } = fakes({ isOver: () => true });
  begin(2);
  close(0);
  assert.deepEqual([destroyed, ended(), lingering.size], [[], 1, 1]);
  lingering.sweep();
  assert.deepEqual([destroyed, ended(), lingering.size], [[1], 2, 0]);
});

function readToItsEnd([stream]: [Duplex]): Promise<unknown> {
  return once(stream.resume(), 'end');
}

test('ends a stream that does not close by itself once both sides have ended', async () => {
  const emitter = new EventEmitter();
  // A `flush` of less than five seconds makes a look come soon.
  const options = { event: 'thing', linger: Infinity, flush: 4000 };
  const serving = serve<[Duplex]>(emitter, readToItsEnd, options);
  const stream = new Duplex({
    autoDestroy: false,
    read() {
      this.push(null);
    },
    write: (_chunk, _encoding, done) => done(),
  });
  emitter.emit('thing', stream);
  await until(() => stream.destroyed);
  assert.equal(serving.stats.completed, 1);
  await serving.stop();
});

test('survives a getter of its owner that throws while the last bytes leave', async () => {
  let isArmed = false;
  const { server, serving, stop, assertOver } = await scene(async (socket) => {
    Object.defineProperty(socket, 'readableEnded', {
      get: () => {
        if (isArmed) throw new Error('the getter');
        return false;
      },
    });
    socket.write(Buffer.alloc(20 << 20));
  });
  const { socket, ending } = await connect(server);
  socket.pause();
  await until(() => serving.stats.completed === 1);
  isArmed = true;
  socket.resume();
  await ending;
  stop.abort();
  assertCounts(await serving.finished, { accepted: 1, completed: 1 });
  await assertOver();
});

test.run();
