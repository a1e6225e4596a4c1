import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { acceptLoop, serve, type ServeContext } from 'accept-loop';
import { Client } from '../support/clients-of-emitters.ts';
import { listenersOn } from '../support/listeners.ts';
import { assertReport } from '../support/report.ts';
import { assertCounts } from '../support/serve-counts.ts';
import { suite } from '../support/suite.ts';
import { sleep, turns, until } from '../support/turns.ts';

const test = suite('a client that has only end() or disconnect()');

const event = 'client';
const nothing = (): void => {};

for (const [methods, ending] of [
  [['end'], 'close'],
  [['disconnect'], 'close'],
  [['end', 'disconnect'], 'close'],
  // As of Socket.IO.
  [['disconnect'], 'disconnect'],
] as const) {
  const words = `${methods.join(' and ')}, and emits '${ending}'`;

  test(`has a task until it ends, in callback style: ${words}`, async () => {
    const emitter = new EventEmitter();
    const serving = serve<[Client]>(emitter, nothing, { event });
    const client = new Client(methods, ending);
    emitter.emit(event, client);
    const finished = serving.stop();
    await sleep(50);
    assert.equal(serving.stats.active, 1);
    client.leave(ending);
    const report = await finished;
    assertReport(report);
    assertCounts(report, { accepted: 1, completed: 1 });
    assert.deepEqual(client.calls, []);
    assert.deepEqual(listenersOn(client), { error: 1 });
  });

  test(`is ended and waited for when its handler has resolved: ${words}`, async () => {
    const emitter = new EventEmitter();
    const serving = serve<[Client]>(emitter, async () => {}, { event, linger: 60_000 });
    const client = new Client(methods, ending);
    emitter.emit(event, client);
    await until(() => client.calls.length > 0);
    assertCounts(await serving.stop(), { accepted: 1, completed: 1 });
    assert.deepEqual(client.calls, [methods[0]]);
    assert.deepEqual(listenersOn(client), { error: 1 });
  });

  test(`is lost when it leaves the queue: ${words}`, async () => {
    const emitter = new EventEmitter();
    const loop = acceptLoop(emitter, { event });
    const client = new Client(methods, ending);
    emitter.emit(event, client);
    client.leave(ending);
    await until(() => loop.stats.lost === 1);
    assert.deepEqual(listenersOn(client), { error: 1 });
    emitter.emit(event, client);
    assert.equal(loop.stats.lost, 2);
    await loop.return();
  });

  test(`is ended where there is no room for it, and at grace: ${words}`, async () => {
    const emitter = new EventEmitter();
    const [served, shed] = [new Client(methods, ending), new Client(methods, ending)];
    const serving = serve<[Client]>(emitter, nothing, { event, concurrency: 1, maxQueued: 0 });
    emitter.emit(event, served);
    emitter.emit(event, shed);
    const report = await serving.stop({ grace: 0 });
    assertReport(report);
    assertCounts(report, { accepted: 2, forced: 1, shed: 1 });
    assert.deepEqual([served.calls.length, shed.calls.length], [1, 1]);
    assert.equal(report.stragglers.length, 1);
  });
}

test('that stays is asked by its other means after linger', async () => {
  const emitter = new EventEmitter();
  const calls: string[] = [];
  const client = Object.assign(new EventEmitter(), {
    end: () => calls.push('end'),
    disconnect: () => calls.push('disconnect'),
  });
  const serving = serve(emitter, async () => {}, { event, linger: 30 });
  emitter.emit(event, client);
  await until(() => calls.length === 2);
  assertCounts(await serving.stop(), { accepted: 1, completed: 1 });
  assert.deepEqual(calls, ['end', 'disconnect']);
});

test('that stays and has one word is told it once', async () => {
  const emitter = new EventEmitter();
  let ends = 0;
  const client = Object.assign(new EventEmitter(), { end: () => (ends += 1) });
  const serving = serve(emitter, async () => {}, { event, linger: 10 });
  emitter.emit(event, client);
  await until(() => ends === 1);
  assertCounts(await serving.stop(), { accepted: 1, completed: 1 });
  assert.equal(ends, 1);
});

test('whose end() throws costs itself alone', async () => {
  const emitter = new EventEmitter();
  const client = Object.assign(new EventEmitter(), {
    end() {
      throw new Error('end() throws');
    },
  });
  const warned = new Promise((resolve) => process.once('warning', resolve));
  const serving = serve(emitter, async () => {}, { event });
  emitter.emit(event, client);
  emitter.emit(event, new Client(['end']));
  await turns(2);
  assertCounts(await serving.stop(), { accepted: 2, completed: 2 });
  assert.equal(((await warned) as Error).message, 'end() throws');
});

test('aborts the signal of its handler when it leaves', async () => {
  const emitter = new EventEmitter();
  const reasons: unknown[] = [];
  const handler = async (_: [Client], { signal }: ServeContext): Promise<void> => {
    await once(signal, 'abort');
    reasons.push(signal.reason);
  };
  const serving = serve<[Client]>(emitter, handler, { event });
  const client = new Client(['end']);
  emitter.emit(event, client);
  client.leave();
  await until(() => serving.stats.completed === 1);
  assert.match(String(reasons[0]), /The connection is gone/);
  await serving.stop();
  assert.deepEqual(listenersOn(client), { error: 1 });
});

test.run();
