import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { acceptLoop } from 'accept-loop';
import { countCloses } from '../support/count-closes.ts';
import { listenersOn } from '../support/listeners.ts';
import { connect, listening, portOf } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { turns, until } from '../support/turns.ts';

const test = suite('the listener');

test('ends the loop when somebody else closes it, while connections live (A5, B5)', async () => {
  const server = await listening(createServer());
  const closes = countCloses(server);
  const loop = acceptLoop(server);
  const { ending } = await connect(server);
  const { value } = await loop.next();
  server.close();
  const begun = performance.now();
  assert.equal((await loop.next()).done, true);
  assert.ok(performance.now() - begun < 1000, 'noticed long before the connection ended');
  value?.end();
  await ending;
  await once(server, 'close');
  assert.equal(closes(), 1);
});

test('hands out what was accepted before somebody else closed it', async () => {
  const server = await listening(createServer());
  const loop = acceptLoop(server);
  const { ending } = await connect(server);
  await until(() => loop.stats.queued === 1);
  server.close();
  await setTimeout(300);
  const { value } = await loop.next();
  value?.end('served');
  assert.equal((await ending).text, 'served');
  assert.equal((await loop.next()).done, true);
});

test('is closed once when signal and close() meet (B3, A22)', async () => {
  for (const order of ['abort first', 'close first']) {
    const server = await listening(createServer());
    let closed = 0;
    server.on('close', () => (closed += 1));
    const stop = new AbortController();
    const loop = acceptLoop(server, stop.signal);
    if (order === 'abort first') stop.abort();
    await new Promise<void>((resolve, reject) => {
      server.close((error) => (error ? reject(error) : resolve()));
    });
    if (order === 'close first') stop.abort();
    assert.equal((await loop.next()).done, true);
    await turns(3);
    assert.equal(closed, 1, order);
  }
});

test('is not closed again when the loop is left before that was noticed (B3)', async () => {
  const server = await listening(createServer());
  const closes = countCloses(server);
  const loop = acceptLoop(server);
  const { ending } = await connect(server);
  const { value } = await loop.next();
  const closed = once(server, 'close');
  server.close();
  await loop.return();
  assert.equal(closes(), 1);
  value?.destroy();
  await Promise.all([ending, closed]);
});

test('ends the loop when it is closed before it ever listened', async () => {
  const server = createServer();
  const loop = acceptLoop(server);
  const pending = loop.next();
  server.close();
  assert.equal((await pending).done, true);
});

test('is not bound any more when the signal aborts before it is (A21)', async () => {
  for (const where of [{ port: 0 }, { port: 0, host: 'localhost' }]) {
    const server = createServer();
    const stop = new AbortController();
    const loop = acceptLoop(server, stop.signal);
    server.listen(where);
    stop.abort();
    assert.equal((await loop.next()).done, true);
    await setTimeout(50);
    assert.equal(server.listening, false);
  }
});

test('is not bound any more when the loop is left before it is (A21, A23)', async () => {
  for (const server of [createServer(), createHttpServer()]) {
    const loop = acceptLoop(server);
    server.listen({ port: 0, host: 'localhost' });
    await loop.return();
    await setTimeout(50);
    assert.equal(server.listening, false);
  }
});

test('may never have listened when the loop is disposed (A23)', async () => {
  for (const server of [createServer(), createHttpServer()]) {
    await acceptLoop(server)[Symbol.asyncDispose]();
  }
});

test('rejects the pending next() once with the very error of a failed bind (A10, B42)', async () => {
  const taken = await listening(createServer());
  const server = createServer();
  const before = listenersOn(server);
  const loop = acceptLoop(server);
  const pending = [loop.next(), loop.next()] as const;
  let seen: unknown;
  server.once('error', (error) => (seen = error));
  server.listen(portOf(taken), '127.0.0.1');
  await assert.rejects(pending[0], (error) => error === seen);
  assert.equal((seen as NodeJS.ErrnoException).code, 'EADDRINUSE');
  assert.deepEqual(await pending[1], { done: true, value: undefined });
  assert.deepEqual(await loop.next(), { done: true, value: undefined });
  assert.deepEqual(listenersOn(server), before);
  assert.equal(server.listening, false);
  taken.close();
});

test('keeps the error of a failed bind for who asks later', async () => {
  const taken = await listening(createServer());
  const server = createServer();
  const loop = acceptLoop(server);
  server.listen(portOf(taken), '127.0.0.1');
  await once(server, 'error').catch(() => {});
  await turns(2);
  await assert.rejects(loop.next(), { code: 'EADDRINUSE' });
  assert.equal((await loop.next()).done, true);
  taken.close();
});

test('crashes nobody with the error of a bind when the loop has been left', async () => {
  const taken = await listening(createServer());
  const server = createServer();
  const loop = acceptLoop(server);
  server.listen(portOf(taken), '127.0.0.1');
  await loop.return();
  await setTimeout(50);
  assert.deepEqual(server.listenerCount('error'), 0);
  taken.close();
});

test('of the next loop is not closed by the late close of the one before', async () => {
  const server = await listening(createServer());
  await acceptLoop(server).return();
  server.listen({ port: 0, fd: undefined });
  const loop = acceptLoop(server);
  const pending = loop.next();
  if (!server.listening) await once(server, 'listening');
  const { ending } = await connect(server);
  const { value } = await pending;
  value?.end('of the next loop');
  assert.equal((await ending).text, 'of the next loop');
  await loop.return();
});

test('has an error no more for who has left the loop', async () => {
  const taken = await listening(createServer());
  const server = createServer();
  const loop = acceptLoop(server);
  const failed = once(server, 'listening');
  server.listen(portOf(taken), '127.0.0.1');
  await assert.rejects(failed, { code: 'EADDRINUSE' });
  await loop.return();
  assert.deepEqual(await loop.next(), { done: true, value: undefined });
  taken.close();
});

test('is closed when its error ends the loop', async () => {
  const server = await listening(createServer());
  const loop = acceptLoop(server);
  const fault = new Error('broken');
  server.emit('error', fault);
  await assert.rejects(loop.next(), (error) => error === fault);
  assert.equal(server.listening, false);
});

test('survives errors of accept(2), one after another (A9, B41)', async () => {
  const server = await listening(createServer());
  const loop = acceptLoop(server);
  for (const code of ['EMFILE', 'ENFILE', 'ECONNABORTED', 'ENOBUFS', 'EPERM']) {
    const error = Object.assign(new Error(`accept ${code}`), { code, syscall: 'accept' });
    server.emit('error', error);
  }
  const { ending } = await connect(server);
  const { value } = await loop.next();
  value?.end('still open');
  assert.equal((await ending).text, 'still open');
  await loop.return();
});

test('of an emitter with a `listening` property is watched, too', async () => {
  const emitter = Object.assign(new EventEmitter(), { listening: true, close() {} });
  const loop = acceptLoop<[Socket]>(emitter, { event: 'session' });
  const pending = loop.next();
  emitter.listening = false;
  // A loop that waits holds no process open: this timer does.
  const patience = setTimeout(1000);
  assert.equal((await pending).done, true);
  await patience;
});

test.run();
