import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer, type Server } from 'node:net';
import { acceptLoop, drain, type ErrorMessage, serve } from '../../../lib/index.ts';
import { listenersOn } from '../../support/listeners.ts';
import { assertReport, assertStats } from '../../support/report.ts';
import { connect, listening, portOf } from '../../support/sockets.ts';
import { suite } from '../../support/suite.ts';
import { until } from '../../support/turns.ts';
import { type Kind, kinds } from './conversations.ts';

const test = suite('errors of accept(2)');

// No runtime has them any more on a Unix system: libuv since 1.45 tells of none.
const codes = ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'ECONNABORTED', 'EPERM', 'EPROTO', 'EWHAT'];

function acceptError(index: number): Error {
  const code = codes[index % codes.length];
  return Object.assign(new Error(`accept ${code}`), { code, errno: -index, syscall: 'accept' });
}

/** Has a server meet a thousand of them, and gives them. */
function fail(server: Server): Error[] {
  const errors = Array.from({ length: 1000 }, (_, index) => acceptError(index));
  for (const error of errors) server.emit('error', error);
  return errors;
}

let published: ErrorMessage[] = [];
const onError = (message: unknown): void => void published.push(message as ErrorMessage);

test.before.each(() => {
  published = [];
  subscribe('accept-loop:error', onError);
});
test.after.each(() => void unsubscribe('accept-loop:error', onError));

function assertPublished(server: object, errors: readonly unknown[]): void {
  assert.equal(published.length, errors.length);
  for (const [index, error] of errors.entries()) {
    assert.equal(published[index]?.error, error);
    assert.equal(published[index]?.server, server);
  }
}

/** The server's listeners, and a serving with one conversation under way. */
async function served({ open, echo, converse }: Kind, concurrency = Infinity) {
  const server = await open();
  let closes = 0;
  server.on('close', () => (closes += 1));
  const before = listenersOn(server);
  const handler = echo as (connection: unknown) => unknown;
  const serving = serve(server, handler, { concurrency, idle: 50, grace: 20_000 });
  const port = portOf(server);
  const conversation = await converse(port);
  await conversation.say('before');
  const assertOver = async (): Promise<void> => {
    assertStats(serving.stats);
    await until(() => closes > 0);
    assert.deepEqual(listenersOn(server), before);
  };
  return { server, serving, conversation, converse: () => converse(port), assertOver };
}

for (const [name, kind] of Object.entries(kinds)) {
  test(`end nothing under serve, and take no slot (${name})`, async () => {
    const { server, serving, conversation, converse, assertOver } = await served(kind, 2);
    const listeners = listenersOn(server);
    const errors = fail(server);
    await conversation.say('after');
    const second = await converse();
    await second.say('second');
    errors.push(...fail(server));
    await Promise.all([conversation.hangUp(), second.hangUp()]);
    const third = await converse();
    await third.say('third');
    assert.equal(server.address() === null, false);
    assert.deepEqual(listenersOn(server), listeners);
    assertPublished(server, errors);
    const ending = serving.stop();
    errors.push(...fail(server));
    await third.say('while it drains');
    await third.hangUp();
    const report = await ending;
    assertReport(report);
    assert.equal(report.completed, 3);
    assertPublished(server, errors);
    await assertOver();
  });

  test(`of another kind end serve in order, once, with that very error (${name})`, async () => {
    const { server, serving, conversation, assertOver } = await served(kind);
    const fault = new Error('broken');
    const finished = assert.rejects(serving.finished, (error) => error === fault);
    server.emit('error', fault);
    await conversation.say('after');
    server.emit('error', new Error('broken again'));
    fail(server);
    await conversation.say('after more');
    await conversation.hangUp();
    await finished;
    await assert.rejects(serving.stop(), (error) => error === fault);
    await serving[Symbol.asyncDispose]();
    assert.equal(published.length, 1002);
    assert.equal(serving.stats.completed, 1);
    await assertOver();
  });

  test(`end no loop; one of another kind does, for one consumer (${name})`, async () => {
    const server = await kind.open();
    let closes = 0;
    server.on('close', () => (closes += 1));
    const before = listenersOn(server);
    const loop = acceptLoop(server);
    const consumers = [loop.next(), loop.next(), loop.next()] as const;
    fail(server);
    const conversation = await kind.converse(portOf(server));
    const handler = kind.echo as (connection: unknown) => unknown;
    const { value } = (await consumers[0]) as { value: unknown };
    const handled = handler(value);
    await conversation.say('accepted');
    const fault = new Error('broken');
    server.emit('error', fault);
    await assert.rejects(consumers[1], (error) => error === fault);
    assert.deepEqual(await consumers[2], { done: true, value: undefined });
    assert.deepEqual(await loop.next(), { done: true, value: undefined });
    assert.equal(published.length, 1001);
    // It is the consumer's to the end.
    await conversation.say('still here');
    await conversation.hangUp();
    await handled;
    await until(() => closes > 0);
    assert.deepEqual(listenersOn(server), before);
  });

  test(`are their owner's under drain, and end nothing (${name})`, async () => {
    const server = await kind.open();
    let heard = 0;
    server.on('error', () => (heard += 1));
    const drained = drain(server, { signal: new AbortController().signal, idle: 50 });
    fail(server);
    server.emit('error', new Error('broken'));
    assert.equal(heard, 1001);
    assert.equal(server.address() === null, false);
    const report = drain(server, { idle: 50 });
    fail(server);
    assert.equal((await report).forced, 0);
    assert.equal(await drained, await report);
    assert.deepEqual(published, []);
  });
}

test('are counted in no statistics, and wake nobody', async () => {
  const server = await listening(createServer());
  const loop = acceptLoop(server, { maxQueued: 1 });
  const { ending } = await connect(server);
  await until(() => loop.stats.queued === 1);
  const stats = loop.stats;
  fail(server);
  assert.deepEqual(loop.stats, stats);
  await loop.return();
  await ending;
});

test.run();
