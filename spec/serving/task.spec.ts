import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { ServeContext } from 'accept-loop';
import { limits } from '../support/limits.ts';
import { listenersOn } from '../support/listeners.ts';
import { gate, scene } from '../support/scene.ts';
import { assertCounts } from '../support/serve-counts.ts';
import { type Client, connect, readToEnd } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { turns, until, untilAborted } from '../support/turns.ts';
import { collectWarnings } from '../support/warnings.ts';

const test = suite('the signals of a task');

for (const allowHalfOpen of [true, false]) {
  test(
    `abort with the error of a reset, allowHalfOpen: ${allowHalfOpen} (A51)`,
    async () => {
      const reasons: unknown[] = [];
      const { server, serving, stop, assertOver } = await scene(
        async (socket, { signal, draining }) => {
          reasons.push(await untilAborted(signal), socket.errored);
          assert.equal(draining.aborted, false);
        },
        { allowHalfOpen },
      );
      const { socket } = await connect(server);
      await until(() => serving.stats.active === 1);
      socket.resetAndDestroy();
      await until(() => reasons.length === 2);
      assert.equal((reasons[0] as NodeJS.ErrnoException).code, 'ECONNRESET');
      assert.equal(reasons[0], reasons[1]);
      stop.abort();
      assertCounts(await serving.finished, { accepted: 1, completed: 1 });
      await assertOver();
    },
    { cannot: limits.resetVisible },
  );
}

for (const [how, leave] of [
  ['resets', (socket: Socket): unknown => socket.resetAndDestroy()],
  ['ends', (socket: Socket): unknown => socket.end()],
] as const) {
  test(`abort when the peer ${how}, with an Error (A51)`, async () => {
    const reasons: unknown[] = [];
    const { server, serving, stop } = await scene(
      async (socket, { signal }) => {
        socket.resume();
        reasons.push(await untilAborted(signal));
      },
      { allowHalfOpen: false },
    );
    const { socket } = await connect(server);
    await until(() => serving.stats.active === 1);
    await turns(5);
    leave(socket);
    await until(() => reasons.length === 1);
    assert.ok(reasons[0] instanceof Error);
    stop.abort();
    assertCounts(await serving.finished, { accepted: 1, completed: 1 });
  });
}

for (const allowHalfOpen of [true, false]) {
  test(`stay when the handler itself has ended it, allowHalfOpen: ${allowHalfOpen}`, async () => {
    const { opened, open } = gate();
    const seen: boolean[] = [];
    const { server, serving, stop, assertOver } = await scene(
      async (socket, { signal }) => {
        socket.resume().end('bye');
        await once(socket, 'close');
        await opened;
        seen.push(signal.aborted);
      },
      { allowHalfOpen },
    );
    const { ending } = await connect(server);
    await ending;
    await turns(5);
    open();
    await until(() => seen.length === 1);
    assert.deepEqual(seen, [false]);
    stop.abort();
    assertCounts(await serving.finished, { accepted: 1, completed: 1 });
    await assertOver();
  });

  test(`abort when it is destroyed, by whomever, allowHalfOpen: ${allowHalfOpen}`, async () => {
    const reasons: unknown[] = [];
    const { server, serving, stop } = await scene(
      async (_, { signal }) => void reasons.push(await untilAborted(signal)),
      { allowHalfOpen },
    );
    // Its owner does not let it live for ever.
    server.on('connection', (socket) => setImmediate(() => socket.destroy()));
    await readToEnd(server);
    await until(() => reasons.length === 1);
    assert.equal((reasons[0] as Error).message, 'The connection is gone');
    stop.abort();
    assertCounts(await serving.finished, { accepted: 1, completed: 1 });
  });
}

test('may be passed to many without a warning', async () => {
  const { warnings, stopCollecting } = collectWarnings();
  const { server, serving, stop } = await scene(async (_, { signal, draining }) => {
    for (let count = 0; count < 20; count += 1) {
      signal.addEventListener('abort', () => {});
      draining.addEventListener('abort', () => {});
    }
  });
  await readToEnd(server);
  stop.abort();
  await serving.finished;
  await turns(2);
  stopCollecting();
  assert.deepEqual(warnings, []);
});

test('have aborted when they are read after the peer has gone', async () => {
  const { opened, open } = gate();
  const reasons: unknown[] = [];
  const { server, serving, stop } = await scene(
    async (socket, context) => {
      socket.resume();
      await opened;
      reasons.push(context.signal.aborted && context.signal.reason);
    },
    { allowHalfOpen: false },
  );
  const { socket, ending } = await connect(server);
  await until(() => serving.stats.active === 1);
  socket.end();
  await ending;
  await turns(5);
  open();
  await until(() => reasons.length === 1);
  assert.ok(reasons[0] instanceof Error);
  stop.abort();
  await serving.finished;
});

test('have aborted when they are read after grace is over', async () => {
  const { opened, open } = gate();
  const reasons: unknown[] = [];
  const { server, serving, stop } = await scene(
    async (_, context) => {
      await opened;
      reasons.push(context.signal.reason, context.draining.reason);
    },
    { grace: 0 },
  );
  const { ending } = await connect(server);
  await until(() => serving.stats.active === 1);
  const reason = new Error('deploy');
  stop.abort(reason);
  open();
  await serving.finished;
  await ending;
  assert.equal((reasons[0] as Error).name, 'TimeoutError');
  assert.equal(reasons[1], reason);
});

test('do not abort any more when the handler has ended', async () => {
  const contexts: ServeContext[] = [];
  const { server, serving, stop } = await scene(async (_, context) => {
    void context.signal;
    void context.draining;
    contexts.push(context);
  });
  const { socket } = await connect(server);
  await until(() => serving.stats.completed === 1);
  socket.resetAndDestroy();
  await turns(5);
  stop.abort();
  assertCounts(await serving.finished, { accepted: 1, completed: 1 });
  assert.deepEqual(
    contexts.map(({ signal, draining }) => [signal.aborted, draining.aborted]),
    [[false, false]],
  );
});

test('are the same whenever they are read, and a pair for each connection', async () => {
  const contexts: ServeContext[] = [];
  const { server, serving, stop } = await scene(async (socket, context) => {
    assert.equal(context.signal, context.signal);
    assert.equal(context.draining, context.draining);
    contexts.push(context);
    socket.end();
  });
  await readToEnd(server);
  await readToEnd(server);
  stop.abort();
  await serving.finished;
  const [first = assert.fail(), second = assert.fail()] = contexts;
  assert.notEqual(first.signal, second.signal);
  assert.notEqual(first.draining, second.draining);
});

for (const allowHalfOpen of [true, false]) {
  test(`leave no listener on a socket whose handler has ended, allowHalfOpen: ${allowHalfOpen}`, async () => {
    const sockets: Socket[] = [];
    const options = { allowHalfOpen, linger: Infinity };
    const { server, serving, stop } = await scene(async (socket, { signal }) => {
      void signal;
      sockets.push(socket);
    }, options);
    const plain = await scene(async (socket) => void sockets.push(socket), options);
    const clients: Client[] = [];
    for (const each of [server, plain.server]) {
      clients.push(await connect(each, { allowHalfOpen: true }));
      await until(() => sockets.length === clients.length);
    }
    await until(() => clients.every(({ socket }) => socket.readableEnded));
    await turns(5);
    const [first, second] = sockets.map((socket) => listenersOn(socket));
    assert.deepEqual(first, second);
    for (const { socket } of clients) socket.end();
    stop.abort();
    await Promise.all([serving.finished, plain.serving.stop()]);
  });
}

test('ends in order though its owner wraps on(), and loses `this`', async () => {
  const { server, serving, stop, assertOver } = await scene(
    async (socket, { signal }) => {
      const on = socket.on.bind(socket);
      type Listener = (...args: unknown[]) => void;
      const wrapped = (event: string, listener: Listener): Socket =>
        on(event, (...args) => listener(...(args as unknown[])));
      Object.assign(socket, { on: wrapped });
      void signal;
      await once(socket.resume(), 'end');
    },
    { allowHalfOpen: false },
  );
  const { socket, ending } = await connect(server);
  socket.end();
  await ending;
  await until(() => serving.stats.completed === 1);
  stop.abort();
  await serving.finished;
  await assertOver();
});

test.run();
