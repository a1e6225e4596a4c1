import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import {
  connect as connectHttp2,
  createServer as createHttp2,
  type ServerHttp2Stream,
} from 'node:http2';
import { serve } from 'accept-loop';
import { assertCounts } from '../support/serve-counts.ts';
import { listening, portOf } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { turns, until, untilAborted } from '../support/turns.ts';
import { collectWarnings } from '../support/warnings.ts';

const test = suite('serving the arguments of an event');

/** Something that can be ended by force, and may say so. */
class Thing extends EventEmitter {
  ends = 0;

  terminate(): void {
    this.ends += 1;
  }
}

const patient = { event: 'thing', flush: Infinity, linger: Infinity, grace: Infinity };

test('ends what is no stream by force when its handler has ended', async () => {
  const emitter = new EventEmitter();
  const thing = new Thing();
  const serving = serve(emitter, async () => {}, patient);
  emitter.emit('thing', thing);
  await until(() => serving.stats.completed === 1);
  assert.equal(thing.ends, 1);
  // It never says that it has closed.
  assertCounts(await serving.stop(), { accepted: 1, completed: 1 });
});

test('has a task in callback style until it says that it has closed', async () => {
  const emitter = new EventEmitter();
  const thing = new Thing();
  const serving = serve(emitter, () => {}, patient);
  emitter.emit('thing', thing);
  await until(() => serving.stats.active === 1);
  await turns(3);
  assert.equal(serving.stats.active, 1);
  thing.emit('close');
  await until(() => serving.stats.completed === 1);
  assert.deepEqual([thing.ends, thing.listenerCount('close')], [0, 0]);
  assertCounts(await serving.stop(), { accepted: 1, completed: 1 });
});

test('ends it once, by force, when its handler fails or grace is over', async () => {
  const emitter = new EventEmitter();
  const things = [new Thing(), new Thing()];
  const errors: unknown[] = [];
  const serving = serve<[Thing]>(
    emitter,
    ([thing]) => {
      if (thing === things[0]) throw new Error('fault');
      return new Promise(() => {});
    },
    { ...patient, onError: (error) => errors.push(error) },
  );
  for (const thing of things) emitter.emit('thing', thing);
  await until(() => serving.stats.active === 1 && serving.stats.failed === 1);
  const report = await serving.stop({ grace: 0 });
  assertCounts(report, { accepted: 2, failed: 1, forced: 1, abandoned: 1 });
  assert.deepEqual(
    things.map(({ ends }) => ends),
    [1, 1],
  );
  assert.equal(errors.length, 1);
});

for (const isClosed of [true, false]) {
  const when = isClosed ? 'when it has closed' : 'at the deadline';
  test(`has the signal of what is no stream abort ${when}`, async () => {
    const emitter = new EventEmitter();
    const reasons: unknown[] = [];
    const serving = serve<[Thing]>(
      emitter,
      async (_, { signal }) => {
        reasons.push(await untilAborted(signal));
      },
      patient,
    );
    const thing = new Thing();
    emitter.emit('thing', thing);
    await until(() => serving.stats.active === 1);
    if (isClosed) {
      thing.emit('close');
      await until(() => serving.stats.completed === 1);
      assert.match(String(reasons[0]), /The connection is gone/);
      assertCounts(await serving.stop(), { accepted: 1, completed: 1 });
    } else {
      assertCounts(await serving.stop({ grace: 0 }), { accepted: 1, forced: 1 });
      assert.equal((reasons[0] as Error).name, 'TimeoutError');
    }
    assert.equal(reasons.length, 1);
  });
}

test('knows the address of an HTTP/2 stream', async () => {
  const server = await listening(createHttp2());
  const serving = serve<[ServerHttp2Stream]>(server, () => new Promise(() => {}), {
    event: 'stream',
    grace: 0,
  });
  const session = connectHttp2(`http://127.0.0.1:${portOf(server)}`);
  session.on('error', () => {});
  session
    .request()
    .on('error', () => {})
    .resume();
  await until(() => serving.stats.active === 1);
  const { stragglers } = await serving.stop();
  const [{ kind, remoteAddress } = assert.fail()] = stragglers;
  assert.deepEqual([kind, remoteAddress], ['request', '127.0.0.1']);
  session.destroy();
});

test('goes on when one of them cannot be ended', async () => {
  const { warnings, stopCollecting } = collectWarnings();
  const emitter = new EventEmitter();
  const fault = new Error('not to be ended');
  class Stubborn extends Thing {
    override terminate(): void {
      throw fault;
    }
  }
  const serving = serve<[Thing]>(
    emitter,
    async ([thing]) => {
      if (thing instanceof Stubborn && thing.listenerCount('forced') > 0)
        await new Promise(() => {});
    },
    { ...patient, concurrency: 1 },
  );
  emitter.emit('thing', new Stubborn());
  emitter.emit('thing', new Thing());
  await until(() => serving.stats.completed === 2);
  emitter.emit(
    'thing',
    new Stubborn().on('forced', () => {}),
  );
  await until(() => serving.stats.active === 1);
  const report = await serving.stop({ grace: 0 });
  assertCounts(report, { accepted: 3, completed: 2, forced: 1, abandoned: 1 });
  await turns(2);
  stopCollecting();
  assert.deepEqual(warnings, [fault, fault]);
});

test.run();
