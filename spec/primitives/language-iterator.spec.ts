import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { acceptLoop } from 'accept-loop';
import { asyncIteratorPrototype } from '../../lib/primitives/language-iterator.ts';
import { connect, listening } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';

const test = suite("a loop, as one of the language's async iterators");

async function* numbers(): AsyncGenerator<number> {
  yield 1;
}

/** Of the language itself, where it has them, and otherwise as a polyfill adds them. */
async function withHelper(
  name: string,
  helper: (this: AsyncIterator<unknown>) => unknown,
  run: () => Promise<void>,
): Promise<void> {
  const own = Object.getOwnPropertyDescriptor(asyncIteratorPrototype, name);
  Object.defineProperty(asyncIteratorPrototype, name, { value: helper, configurable: true });
  try {
    await run();
  } finally {
    Reflect.deleteProperty(asyncIteratorPrototype, name);
    if (own) Object.defineProperty(asyncIteratorPrototype, name, own);
  }
}

/** As `AsyncIterator` is where the language, or a polyfill, has it. */
const LanguageIterator = Object.defineProperty((): void => {}, 'prototype', {
  value: asyncIteratorPrototype,
});

async function* ending(this: AsyncIterator<unknown>): AsyncGenerator {
  for await (const socket of this as unknown as AsyncIterable<Socket>) yield socket.end();
}

test('inherits from what a generator inherits from', async () => {
  const loop = acceptLoop(new EventEmitter(), { event: 'thing' });
  assert.ok(asyncIteratorPrototype.isPrototypeOf(numbers()));
  assert.ok(asyncIteratorPrototype.isPrototypeOf(loop));
  assert.ok((loop as object) instanceof LanguageIterator);
  assert.equal(loop[Symbol.asyncIterator](), loop);
  await loop.return();
});

test('has the helpers that are put there, and is left as they leave it', async () => {
  await withHelper('ending', ending, async () => {
    const server = await listening(createServer());
    const loop = acceptLoop(server);
    const client = await connect(server);
    const ended = (loop as unknown as { ending: () => AsyncGenerator }).ending();
    assert.equal((await ended.next()).done, false);
    await ended.return(undefined);
    assert.equal((await client.ending).by, 'end');
    assert.equal(server.listening, false);
    assert.equal((await loop.next()).done, true);
  });
});

test("has its own disposal, which is not the language's", async () => {
  const loop = acceptLoop(new EventEmitter(), { event: 'thing' });
  assert.ok(Object.hasOwn(loop, Symbol.asyncDispose));
  assert.equal(Object.keys(loop).length, 0);
  const pending = loop.next();
  assert.equal(await loop[Symbol.asyncDispose](), undefined);
  assert.equal((await pending).done, true);
  const dispose = loop[Symbol.asyncDispose];
  assert.equal(await dispose.call(undefined as never), undefined, 'needs no `this`');
});

test('gives each consumer results of its own', async () => {
  const server = await listening(createServer());
  const [first, second] = [acceptLoop(server), acceptLoop(await listening(createServer()))];
  const loops = [first, first, second];
  await Promise.all(loops.map((loop) => loop.return()));
  const results = await Promise.all(loops.flatMap((loop) => [loop.next(), loop.return()]));
  assert.equal(new Set(results).size, results.length);
  for (const result of results) Object.assign(result, { done: false });
  for (const loop of loops) assert.equal((await loop.next()).done, true);
});

test.run();
