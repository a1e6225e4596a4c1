import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { EventEmitter, once } from 'node:events';
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { acceptLoop, drain, type EndMessage, serve } from 'accept-loop';
import { connect, listening, portOf } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';

const test = suite('what several get');

/** As a program without types would, in strict mode: each is a TypeError. */
function assertFrozen(thing: object): void {
  for (const [name, value] of Object.entries(thing)) {
    assert.throws(() => Reflect.ownKeys(Object.assign(thing, { [name]: 'other' })), TypeError);
    if (Array.isArray(value)) assert.ok(Object.isFrozen(value), name);
  }
  assert.ok(Object.isFrozen(thing));
}

async function takeApart(connection: [IncomingMessage, ServerResponse]): Promise<void> {
  Reflect.apply(Array.prototype.pop, connection, []);
}

test('is a report that none of them can change for the others', async () => {
  const ended: unknown[] = [];
  const onEnd = (message: unknown): void => {
    const { stats } = message as EndMessage;
    ended.push(stats);
    assertFrozen(stats);
  };
  subscribe('accept-loop:end', onEnd);
  const served = await listening(createServer({ allowHalfOpen: true }));
  const serving = serve(served, () => new Promise(() => {}), { grace: 0 });
  const client = await connect(served, { allowHalfOpen: true });
  while (serving.stats.active === 0) await once(served, 'connection');
  const report = await serving.stop();
  assertFrozen(report);
  assert.equal(report.stragglers.length, 1);
  for (const straggler of report.stragglers) assertFrozen(straggler);
  client.socket.destroy();
  const drained = await drain(await listening(createServer()));
  assertFrozen(drained);
  assert.deepEqual(ended, [report, drained]);
  unsubscribe('accept-loop:end', onEnd);
});

test('is not a count: each has a copy', async () => {
  const server = createServer();
  const [loop, serving] = [acceptLoop(server), serve(createServer(), () => {})];
  Object.assign(loop.stats, { accepted: 5 });
  Object.assign(serving.stats, { accepted: 5 });
  assert.deepEqual([loop.stats.accepted, serving.stats.accepted], [0, 0]);
  await loop.return();
  await serving.stop();
});

test('is a connection of more than one part, which a handler cannot take apart', async () => {
  const server = await listening(createHttp());
  const thrown: unknown[] = [];
  const serving = serve(server, takeApart, { idle: 0, onError: (error) => thrown.push(error) });
  const response = await fetch(`http://127.0.0.1:${portOf(server)}/`, {
    headers: { connection: 'close' },
  });
  assert.equal(response.status, 500);
  await response.text();
  assert.equal((await serving.stop()).failed, 1);
  assert.ok(thrown[0] instanceof TypeError);
});

test("is not frozen beyond that: an event's arguments are their owner's", async () => {
  const emitter = new EventEmitter();
  const loop = acceptLoop<[string[]]>(emitter, { event: 'thing' });
  emitter.emit('thing', ['a']);
  const { value } = await loop.next();
  value?.[0].push('b');
  assert.deepEqual(value, [['a', 'b']]);
  await loop.return();
});

test.run();
