import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Lingering } from '../../lib/serving/lingering.ts';
import { MAX_LINGERING } from '../../lib/bounds.ts';
import type { Closable, Protocol } from '../../lib/protocols/protocol.ts';
import { Task } from '../../lib/serving/task.ts';
import { connectionsOf, scene } from '../support/scene.ts';
import { assertCounts } from '../support/serve-counts.ts';
import { connect, refuses } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { turns } from '../support/turns.ts';

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

test('cuts the oldest when too many linger at once', () => {
  const destroyed: number[] = [];
  let ended = 0;
  const lingering = new Lingering<Task<number>>(
    { flush: Infinity, linger: Infinity },
    () => (ended += 1),
  );
  const onClose = new Map<number, () => void>();
  const closable = (index: number): Closable => ({
    end: (onFlushed) => onFlushed(),
    destroy() {
      destroyed.push(index);
      onClose.get(index)?.();
    },
    isClosed: () => false,
    onClose: (callback) => void onClose.set(index, callback),
  });
  const protocol = { closable } as Protocol<number>;
  for (let index = 0; index < MAX_LINGERING + 2; index += 1) {
    lingering.begin(new Task(index, { protocol, draining: undefined }));
  }
  assert.deepEqual(destroyed, [0, 1]);
  assert.equal(ended, 2);
  assert.equal(lingering.size, MAX_LINGERING);
});

test.run();
