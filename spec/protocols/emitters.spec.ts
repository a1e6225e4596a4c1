import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { PassThrough } from 'node:stream';
import { acceptLoop, serve } from 'accept-loop';
import { Client, type Datagram, datagrams, Hub, reply } from '../support/clients-of-emitters.ts';
import { listenersOn } from '../support/listeners.ts';
import { assertReport } from '../support/report.ts';
import { gate } from '../support/scene.ts';
import { assertCounts } from '../support/serve-counts.ts';
import { suite } from '../support/suite.ts';
import { turns, until } from '../support/turns.ts';
import { collectWarnings } from '../support/warnings.ts';

const test = suite('an emitter whose close() ends what it has brought');

const nothing = (): void => {};
const event = 'client';

/** The end of a last call that has begun: what counts arrivals goes. */
function lastCallOf(emitter: EventEmitter, name = event): Promise<void> {
  assert.equal(emitter.listenerCount(name), 2);
  return until(() => emitter.listenerCount(name) === 1);
}

test('is closed by serve when the last datagram is answered', async () => {
  const { socket, ask, answers, leave } = await datagrams();
  const { opened, open } = gate();
  const errors: unknown[] = [];
  const answer = async (datagram: Datagram): Promise<void> => {
    await opened;
    await reply(socket, datagram);
  };
  const onError = (error: unknown): void => void errors.push(error);
  const serving = serve(socket, answer, { event: 'message', onError });
  const closed = once(socket, 'close');
  for (let count = 0; count < 20; count += 1) ask(String(count));
  await until(() => serving.stats.active === 20);
  const finished = serving.stop();
  await lastCallOf(socket, 'message');
  open();
  assertCounts(await finished, { accepted: 20, completed: 20 });
  await closed;
  await until(() => answers.length === 20);
  assert.deepEqual(errors, []);
  leave();
});

test('is closed by serve at grace, before what is left is ended', async () => {
  const hub = new Hub();
  const serving = serve<[Client]>(hub, nothing, { event, grace: 50 });
  const client = hub.bring(new Client(['end']));
  const report = await serving.stop();
  assertReport(report);
  assertCounts(report, { accepted: 1, forced: 1 });
  assert.equal(report.stragglers.length, 1);
  assert.equal(hub.closes, 1);
  assert.deepEqual(client.calls, []);
  assert.deepEqual(listenersOn(hub), {});
});

test('is closed by serve once, though handlers do not end by grace', async () => {
  const hub = new Hub();
  const never = new Promise<never>(nothing);
  const serving = serve(hub, () => never, { event });
  hub.emit(event, 'nothing that has an end');
  assertCounts(await serving.stop({ grace: 0 }), { accepted: 1, forced: 1, abandoned: 1 });
  assert.equal(hub.closes, 1);
});

for (const [when, close] of [
  ['before the shutdown', (hub: Hub): void => hub.close()],
  ['while tasks run', nothing],
] as const) {
  test(`is not closed again by serve when its owner has closed it ${when}`, async () => {
    const hub = new Hub();
    const { opened, open } = gate();
    const serving = serve(hub, () => opened, { event });
    hub.emit(event, 'work');
    close(hub);
    void serving.stop();
    await until(() => hub.listenerCount(event) === 0 || serving.stats.active === 1);
    if (hub.closes === 0) hub.close();
    await turns(3);
    open();
    assertCounts(await serving.finished, { accepted: 1, completed: 1 });
    assert.equal(hub.closes, 1);
    assert.deepEqual(listenersOn(hub), {});
  });
}

test('brings nothing any more after the last call, and what comes by force is refused', async () => {
  const hub = new Hub();
  const { opened, open } = gate();
  const serving = serve(hub, () => opened, { event, grace: Infinity });
  const stream = new PassThrough();
  const polite = new Client(['disconnect', 'end']);
  hub.emit(event, 'work');
  const finished = serving.stop();
  await lastCallOf(hub);
  hub.emit(event, stream);
  hub.bring(polite);
  hub.emit(event, 'more work');
  await turns(2);
  assert.equal(serving.stats.accepted, 1);
  assert.equal(stream.destroyed, true);
  assert.deepEqual(polite.calls, []);
  assert.equal(hub.closes, 0);
  open();
  assert.equal((await finished).accepted, 1);
  assert.equal(hub.closes, 1);
  assert.equal(polite.closed, true);
});

test('cannot be served again before it is closed', async () => {
  const hub = new Hub();
  const { opened, open } = gate();
  const serving = serve(hub, () => opened, { event });
  hub.emit(event, 'work');
  const finished = serving.stop();
  await turns(2);
  assert.throws(() => acceptLoop(hub, { event }), /has a live acceptLoop/);
  open();
  await finished;
  await acceptLoop(hub, { event }).return();
  assert.equal(hub.closes, 2);
});

test('emits an error while tasks run, which ends nobody', async () => {
  const hub = new Hub();
  const { opened, open } = gate();
  const stop = new AbortController();
  const { finished } = serve(hub, () => opened, { event, signal: stop.signal });
  hub.emit(event, 'work');
  stop.abort();
  await lastCallOf(hub);
  hub.emit('error', new Error('of a send'));
  await turns(2);
  assert.equal(hub.closes, 0);
  open();
  assert.equal((await finished).failed, 0);
  assert.equal(hub.closes, 1);
});

test('has a close() that throws, which is told, unless somebody has closed it', async () => {
  const { warnings, stopCollecting } = collectWarnings();
  for (const code of ['ERR_SERVER_NOT_RUNNING', undefined]) {
    const emitter = Object.assign(new EventEmitter(), {
      close() {
        throw Object.assign(new Error('close() throws'), { code });
      },
    });
    await serve(emitter, nothing, { event }).stop();
    await turns(2);
    // It may go on bringing clients: they are refused.
    assert.equal(emitter.listenerCount(event), code === undefined ? 1 : 0);
  }
  stopCollecting();
  assert.deepEqual(
    warnings.map(({ message }) => message),
    ['close() throws'],
  );
});

test('is closed by a loop when whoever has taken something asks again', async () => {
  const { socket, ask, answers, leave } = await datagrams();
  const stop = new AbortController();
  const loop = acceptLoop<Datagram>(socket, { event: 'message', signal: stop.signal });
  ask('question');
  const closed = once(socket, 'close');
  for await (const datagram of loop) {
    stop.abort();
    await lastCallOf(socket, 'message');
    await turns(2);
    await reply(socket, datagram);
  }
  await closed;
  await until(() => answers.length === 1);
  leave();
});

test('is closed by a loop when every worker of a pool is done', async () => {
  const hub = new Hub();
  const stop = new AbortController();
  const loop = acceptLoop<[string]>(hub, { event, signal: stop.signal });
  const { opened, open } = gate();
  const closes: number[] = [];
  const worker = async (): Promise<void> => {
    for await (const [work] of loop) {
      if (work === 'long') await opened;
      closes.push(hub.closes);
    }
  };
  const pool = [worker(), worker(), worker()];
  await turns(1);
  hub.emit(event, 'long');
  hub.emit(event, 'short');
  stop.abort();
  await until(() => closes.length === 1);
  await Promise.race([pool[1], pool[2]]);
  open();
  await Promise.all(pool);
  assert.deepEqual(closes, [0, 0]);
  assert.equal(hub.closes, 1);
  assert.deepEqual(listenersOn(hub), {});
});

test('is closed by a loop of which nobody has taken anything, though nobody asks', async () => {
  const hub = new Hub();
  const stop = new AbortController();
  acceptLoop(hub, { event, signal: stop.signal });
  stop.abort();
  await until(() => hub.closes === 1);
  assert.deepEqual(listenersOn(hub), {});
});

test('tells a loop that has not ended of its error', async () => {
  const hub = new Hub();
  const stop = new AbortController();
  const loop = acceptLoop(hub, { event, signal: stop.signal });
  hub.emit(event, 'work');
  await loop.next();
  stop.abort();
  await lastCallOf(hub);
  const fault = new Error('of a send');
  hub.emit('error', fault);
  await assert.rejects(loop.next(), (error) => error === fault);
  assert.equal(hub.closes, 1);
  assert.deepEqual(listenersOn(hub), {});
});

test('is closed at once by a loop that is left', async () => {
  const hub = new Hub();
  const loop = acceptLoop(hub, { event });
  hub.emit(event, 'work');
  await loop.next();
  const waits = hub.bring(new Client(['end', 'disconnect']));
  await loop.return();
  assert.equal(hub.closes, 1);
  assert.deepEqual(waits.calls, []);
});

test('is closed by a loop when every worker of a pool has been told', async () => {
  const { socket, ask, answers, leave } = await datagrams();
  const stop = new AbortController();
  const loop = acceptLoop<Datagram>(socket, { event: 'message', signal: stop.signal });
  for (let count = 0; count < 4; count += 1) ask(String(count));
  await until(() => loop.stats.queued === 4);
  const { opened, open } = gate();
  // Nobody ever waits: each finds something in the queue.
  const work = async (isSlow: boolean): Promise<void> => {
    for await (const datagram of loop) {
      if (isSlow) await opened;
      await reply(socket, datagram);
    }
  };
  const slow = work(true);
  const fast = work(false);
  stop.abort();
  await fast;
  assert.equal(socket.listenerCount('close') > 0, true);
  open();
  await slow;
  await until(() => answers.length === 4);
  leave();
});

test.run();
