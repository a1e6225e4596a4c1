import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AcceptLoop, acceptLoop, serve, type ServeOptions, type Serving } from 'accept-loop';
import { WebSocket, WebSocketServer } from 'ws';
import { assertConserved } from '../../support/conservation.ts';
import { abortListeners, listenersOn } from '../../support/listeners.ts';
import { gate } from '../../support/scene.ts';
import { assertCounts } from '../../support/serve-counts.ts';
import { suite } from '../../support/suite.ts';
import { sleep, turns, until } from '../../support/turns.ts';

const test = suite('the first messages of a WebSocket');

const COUNT = 100;
const sent = Array.from({ length: COUNT }, (_, index) => `message ${index}`);

type Connection = [webSocket: WebSocket, request: IncomingMessage];
type Loop = AcceptLoop<Connection>;

async function standalone(): Promise<{ server: WebSocketServer; port: number }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

/** A client that sends all its messages, and its goodbye, as soon as it may. */
function eager(port: number): { open: Promise<void>; closed: Promise<unknown> } {
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  client.on('error', () => {});
  client.once('open', () => {
    for (const message of sent) client.send(message);
    client.close();
  });
  const closed = new Promise((resolve) => client.once('close', resolve));
  return { open: new Promise((resolve) => client.once('open', () => resolve())), closed };
}

/** To be called in the first line. Asserts that all come, in order. */
async function hear([webSocket]: Connection): Promise<void> {
  const heard: string[] = [];
  webSocket.on('message', (message: Buffer) => heard.push(message.toString()));
  await until(() => heard.length === COUNT || webSocket.readyState === WebSocket.CLOSED);
  assert.deepEqual(heard, sent);
}

/** To be called in the first line. Pauses it, and listens later. */
async function hearLater(connection: Connection): Promise<void> {
  const [webSocket] = connection;
  webSocket.pause();
  await sleep(50);
  const heard = hear(connection);
  webSocket.resume();
  await heard;
  assert.deepEqual(
    Object.keys(webSocket).filter((name) => name === 'pause'),
    [],
  );
}

async function next(loop: Loop): Promise<void> {
  const { value } = await loop.next();
  await hear(value ?? assert.fail('nothing yielded'));
}

async function iterate(loop: AsyncIterable<Connection>): Promise<void> {
  for await (const connection of loop) return hear(connection);
}

/** Each `yield*` is some microtasks more between the loop and the consumer. */
async function* relay(loop: AsyncIterable<Connection>): AsyncGenerator<Connection> {
  yield* loop;
}

/** Calls from wherever it is told to. */
const from =
  (schedule: (callback: () => void) => unknown, consume: (loop: Loop) => Promise<void> = next) =>
  (loop: Loop): Promise<void> =>
    new Promise((resolve, reject) => {
      schedule(() => void consume(loop).then(resolve, reject));
    });

const consumers: Record<string, (loop: Loop) => Promise<void>> = {
  'by next() from a timer': from((callback) => setTimeout(callback, 1)),
  'by next() from setImmediate': from((callback) => setImmediate(callback)),
  'by next() from a microtask': from(queueMicrotask),
  'by next() from process.nextTick': from((callback) => process.nextTick(callback)),
  'by `for await`': iterate,
  'by `for await` from a timer': from((callback) => setTimeout(callback, 1), iterate),
  'through an async generator': (loop) => iterate(relay(loop)),
  'through three async generators, from a timer': from(
    (callback) => setTimeout(callback, 1),
    (loop) => iterate(relay(relay(relay(loop)))),
  ),
  'by next(), 50 ms later': async (loop) => {
    await sleep(50);
    await next(loop);
  },
};

for (const [how, consume] of Object.entries(consumers)) {
  for (const waits of ['the WebSocket', 'the consumer']) {
    test(`are all heard by who takes it ${how}, when ${waits} waits`, async () => {
      const { server, port } = await standalone();
      const before = listenersOn(server);
      const loop = acceptLoop(server);
      let heard = waits === 'the consumer' ? consume(loop) : undefined;
      // Let it ask first.
      if (heard) await turns(2);
      const { open, closed } = eager(port);
      await open;
      if (!heard) await until(() => loop.stats.queued === 1);
      // They arrive while it waits.
      await turns(20);
      await (heard ??= consume(loop));
      await closed;
      await loop.return();
      assert.equal(loop.stats.yielded, 1);
      assertConserved(loop.stats);
      assert.deepEqual(listenersOn(server), before);
    });
  }
}

for (const waits of ['the WebSocket', 'the consumer']) {
  test(`are all heard by a consumer that pauses it and listens later, when ${waits} waits`, async () => {
    const { server, port } = await standalone();
    const loop = acceptLoop(server);
    const consume = async (): Promise<void> => {
      const { value } = await loop.next();
      await hearLater(value ?? assert.fail('nothing yielded'));
    };
    const early = waits === 'the consumer' ? consume() : undefined;
    const { closed } = eager(port);
    if (!early) await until(() => loop.stats.queued === 1);
    await (early ?? consume());
    await closed;
    await loop.return();
  });
}

test('are all heard by a loop that hands it out after the last call', async () => {
  const { server, port } = await standalone();
  const stop = new AbortController();
  const loop = acceptLoop(server, stop.signal);
  const heard = iterate(loop);
  const queued: number[] = [];
  server.on('connection', () => queued.push(loop.stats.queued));
  const { open, closed } = eager(port);
  stop.abort();
  await open;
  await heard;
  assert.deepEqual(queued, [1], 'it was held back');
  await closed;
  assertConserved(loop.stats);
  assert.equal(abortListeners(stop.signal), 0);
});

interface Scene {
  readonly server: WebSocketServer;
  readonly port: number;
  readonly serving: Serving;
  readonly stop: AbortController;
  /** Stops it, and asserts that so many were served, and that nothing is left. */
  readonly end: (completed: number) => Promise<void>;
}

async function scene(
  handler: (connection: Connection) => Promise<void>,
  options: ServeOptions<Connection> = {},
): Promise<Scene> {
  const { server, port } = await standalone();
  const before = listenersOn(server);
  const stop = new AbortController();
  const serving = serve(server, handler, { signal: stop.signal, ...options });
  const closed = new Promise((resolve) => server.once('close', resolve));
  const end = async (completed: number): Promise<void> => {
    stop.abort();
    const report = await serving.finished;
    assertCounts(report, { accepted: completed, completed });
    assert.deepEqual(report.stragglers, []);
    await closed;
    assert.deepEqual(listenersOn(server), before);
    assert.equal(abortListeners(stop.signal), 0);
  };
  return { server, port, serving, stop, end };
}

test('are all heard by a handler of serve that listens in its first line', async () => {
  const { port, serving, end } = await scene(hear);
  const clients = [eager(port), eager(port), eager(port)];
  await Promise.all(clients.map(({ closed }) => closed));
  await until(() => serving.stats.completed === 3);
  await end(3);
});

test('are all heard by a handler of serve that pauses it and listens later', async () => {
  const { port, serving, end } = await scene(hearLater, { concurrency: 1 });
  const clients = [eager(port), eager(port)];
  await Promise.all(clients.map(({ closed }) => closed));
  await until(() => serving.stats.completed === 2);
  await end(2);
});

test('are all heard by a handler of serve whose client has waited for a slot', async () => {
  const { opened, open } = gate();
  let isFirst = true;
  const handler = async (connection: Connection): Promise<void> => {
    const waitsFor = isFirst ? opened : undefined;
    isFirst = false;
    await Promise.all([hear(connection), waitsFor]);
  };
  const { port, serving, end } = await scene(handler, { concurrency: 1 });
  const first = eager(port);
  await until(() => serving.stats.active === 1);
  const second = eager(port);
  await until(() => serving.stats.queued === 1);
  await turns(20);
  setTimeout(open, 1);
  await Promise.all([first.closed, second.closed]);
  await end(2);
});

test('are all heard by a handler of serve that was held back in the last call', async () => {
  const { server, port, serving, stop, end } = await scene(hear);
  const queued: number[] = [];
  const look = (): void => void queued.push(serving.stats.queued);
  server.on('connection', look);
  const { open, closed } = eager(port);
  stop.abort();
  await open;
  await closed;
  assert.deepEqual(queued, [1], 'it was held back');
  server.off('connection', look);
  await end(1);
});

test.run();
