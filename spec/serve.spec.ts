import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { inspect } from 'node:util';
import { serve } from 'accept-loop';
import { countCloses } from './support/count-closes.ts';
import { abortListeners, listenersOn } from './support/listeners.ts';
import { assertStats } from './support/report.ts';
import { assertCounts } from './support/serve-counts.ts';
import { connectionsOf, gate, scene } from './support/scene.ts';
import { connect, echo, listening, portOf, readToEnd, refused } from './support/sockets.ts';
import { suite } from './support/suite.ts';
import { turns, until } from './support/turns.ts';
import { collectWarnings } from './support/warnings.ts';

const test = suite('serve');

test('gives a handler each connection, and counts those that it has completed', async () => {
  const { server, serving, stop, assertOver } = await scene(echo);
  const clients = await Promise.all([connect(server), connect(server), connect(server)]);
  for (const [index, { socket }] of clients.entries()) socket.end(`hello ${index}`);
  const endings = await Promise.all(clients.map(({ ending }) => ending));
  const expected = [0, 1, 2].map((index) => ({ text: `hello ${index}`, by: 'end' }));
  assert.deepEqual(endings, expected);
  stop.abort();
  assertCounts(await serving.finished, { accepted: 3, completed: 3 });
  await assertOver();
});

test('waits for the last handler in flight, and no longer (B14)', async () => {
  const { opened, open } = gate();
  const { server, serving, stop, assertOver } = await scene(async (socket) => {
    await opened;
    socket.write('done');
  });
  const { ending } = await connect(server);
  await until(() => serving.stats.active === 1);
  let isFinished = false;
  void serving.finished.then(() => (isFinished = true));
  const port = portOf(server);
  stop.abort();
  await until(() => !server.listening);
  assert.equal(await refused(port), 'ECONNREFUSED');
  await turns(5);
  assert.equal(isFinished, false);
  open();
  assert.deepEqual(await ending, { text: 'done', by: 'end' });
  assertCounts(await serving.finished, { accepted: 1, completed: 1 });
  await assertOver();
});

test('tells handlers that the shutdown begins, with its own reason, and once each (B18, B19)', async () => {
  const reason = new Error('deploy');
  const reasons: unknown[] = [];
  const { server, serving, stop, assertOver } = await scene(async (socket, { draining }) => {
    draining.addEventListener('abort', () => reasons.push(draining.reason));
    await once(draining, 'abort');
    socket.write('GOODBYE');
  });
  const clients = await Promise.all([connect(server), connect(server), connect(server)]);
  await until(() => serving.stats.active === 3);
  assert.deepEqual(reasons, []);
  stop.abort(reason);
  for (const { ending } of clients) assert.deepEqual(await ending, { text: 'GOODBYE', by: 'end' });
  assertCounts(await serving.finished, { accepted: 3, completed: 3 });
  assert.deepEqual(reasons, [reason, reason, reason]);
  await assertOver();
});

test('hands an aborted `draining` to who comes in the last call (B49)', async () => {
  const seen: boolean[] = [];
  const { server, serving, stop } = await scene((socket, { draining }) => {
    seen.push(draining.aborted);
    socket.end();
  });
  await readToEnd(server);
  // In the kernel's queue when the shutdown begins.
  const { ending } = await connectAndAbort(portOf(server), stop);
  assert.equal((await ending).by, 'end');
  assertCounts(await serving.finished, { accepted: 2, completed: 2 });
  assert.deepEqual(seen, [false, true]);
});

/** The connect is under way, and is accepted in a turn after the abort. */
async function connectAndAbort(
  port: number,
  stop: AbortController,
): Promise<{ ending: Promise<{ by: string }> }> {
  const connecting = connect(port);
  stop.abort();
  return connecting;
}

for (const style of ['throws', 'rejects'] as const) {
  test(`of a handler that ${style} destroys that connection alone, and tells once (B26)`, async () => {
    const fault = new Error('fault');
    const { server, serving, stop, errors, assertOver } = await scene(async (socket) => {
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      if (String(chunk) === 'bad') throw fault;
      socket.write('good');
    });
    const throwing = await scene(() => {
      throw fault;
    });
    const bad = await connect(style === 'throws' ? throwing.server : server);
    const good = await connect(server);
    bad.socket.write('bad');
    assert.equal((await bad.ending).text, '');
    good.socket.write('ok');
    assert.equal((await good.ending).text, 'good');
    stop.abort();
    throwing.stop.abort();
    const [report, other] = await Promise.all([serving.finished, throwing.serving.finished]);
    if (style === 'throws') {
      assertCounts(other, { accepted: 1, failed: 1 });
      assert.deepEqual(throwing.errors, [fault]);
    } else {
      assertCounts(report, { accepted: 2, completed: 1, failed: 1 });
      assert.deepEqual(errors, [fault]);
    }
    await assertOver();
    await throwing.assertOver();
  });
}

test('goes on after six handlers in a row have failed (B27)', async () => {
  let count = 0;
  const { server, serving, stop, errors } = await scene((socket) => {
    count += 1;
    if (count <= 6) throw new Error(`fault ${count}`);
    socket.end('served');
  });
  for (let index = 0; index < 6; index += 1) await readToEnd(server);
  assert.equal((await readToEnd(server)).text, 'served');
  stop.abort();
  assertCounts(await serving.finished, { accepted: 7, completed: 1, failed: 6 });
  assert.equal(errors.length, 6);
});

test('makes a warning of an error when there is no `onError`, and swallows none', async () => {
  const { warnings, stopCollecting } = collectWarnings();
  const fault = new Error('fault');
  const thrown = [fault, 'a string'];
  const { server, serving, stop } = await scene(
    () => {
      throw thrown.shift();
    },
    { onError: undefined },
  );
  await readToEnd(server);
  await readToEnd(server);
  stop.abort();
  await serving.finished;
  await until(() => warnings.length === 2);
  stopCollecting();
  assert.equal(warnings[0], fault);
  assert.match(warnings[1]?.message ?? '', /handler has thrown 'a string'/);
});

test('makes a warning of what `onError` throws, or rejects with', async () => {
  const { warnings, stopCollecting } = collectWarnings();
  const faults = [new Error('thrown'), new Error('rejected')];
  const { server, serving, stop } = await scene(
    () => {
      throw new Error('handler');
    },
    {
      onError() {
        const fault = faults[warnings.length];
        if (warnings.length === 0) throw fault;
        return Promise.reject(fault ?? assert.fail());
      },
    },
  );
  for (const count of [1, 2]) {
    await readToEnd(server);
    await until(() => warnings.length === count);
  }
  stop.abort();
  assertCounts(await serving.finished, { accepted: 2, failed: 2 });
  stopCollecting();
  assert.deepEqual(warnings, faults);
});

test('runs no more tasks at a time than `concurrency`, in order of arrival (B31, B32)', async () => {
  const order: string[] = [];
  const { opened, open } = gate();
  let peak = 0;
  const { server, serving, stop, assertOver } = await scene(
    async (socket) => {
      peak = Math.max(peak, serving.stats.active);
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      order.push(String(chunk));
      await opened;
      socket.write(chunk);
    },
    { concurrency: 3 },
  );
  const clients = [];
  for (let index = 0; index < 12; index += 1) {
    const client = await connect(server);
    await until(() => serving.stats.accepted === index + 1);
    client.socket.write(`${index}`);
    clients.push(client);
  }
  await until(() => order.length === 3);
  assert.equal(serving.stats.queued, 9);
  open();
  for (const [index, { ending }] of clients.entries()) {
    assert.deepEqual(await ending, { text: `${index}`, by: 'end' });
  }
  assert.equal(peak, 3);
  stop.abort();
  assertCounts(await serving.finished, { accepted: 12, completed: 12 });
  assert.deepEqual(
    order,
    order.toSorted((a, b) => Number(a) - Number(b)),
  );
  await assertOver();
});

test('frees a slot when the handler has settled, though its connection lingers', async () => {
  const { server, serving, stop } = await scene(
    (socket) => {
      socket.write('served');
      return Promise.resolve();
    },
    { concurrency: 1 },
  );
  // They never end their side.
  const clients = await Promise.all([1, 2, 3].map(() => connect(server, { allowHalfOpen: true })));
  await until(() => serving.stats.completed === 3);
  assert.equal(await connectionsOf(server), 3);
  for (const { socket } of clients) socket.end();
  stop.abort();
  assertCounts(await serving.finished, { accepted: 3, completed: 3 });
});

test('serves who waits for a slot at the abort, and discards who waits when grace ends (B34)', async () => {
  const { opened, open } = gate();
  const { server, serving, stop, assertOver } = await scene(() => opened, { concurrency: 1 });
  const clients = await Promise.all([1, 2, 3].map(() => connect(server)));
  await until(() => serving.stats.queued === 2);
  assertStats(serving.stats);
  stop.abort();
  await until(() => !server.listening);
  open();
  await Promise.all(clients.map(({ ending }) => ending));
  assertCounts(await serving.finished, { accepted: 3, completed: 3 });
  await assertOver();

  const other = await scene(() => new Promise(() => {}), { concurrency: 1, grace: 50 });
  const held = await Promise.all([1, 2, 3].map(() => connect(other.server)));
  await until(() => other.serving.stats.queued === 2);
  other.stop.abort();
  const report = await other.serving.finished;
  assertCounts(report, { accepted: 3, discarded: 2, forced: 1, abandoned: 1 });
  assert.deepEqual(
    report.stragglers.map(({ kind }) => kind),
    ['connection', 'connection', 'connection'],
  );
  await Promise.all(held.map(({ ending }) => ending));
  await other.assertOver();
});

test('counts who was shed, and who left while waiting for a slot', async () => {
  const { opened, open } = gate();
  const options = { concurrency: 1, maxQueued: 1 };
  const { server, serving, stop, assertOver } = await scene(() => opened, options);
  const first = await connect(server);
  await until(() => serving.stats.active === 1);
  const second = await connect(server);
  await until(() => serving.stats.queued === 1);
  const third = await connect(server);
  await until(() => serving.stats.shed === 1);
  assertStats(serving.stats);
  second.socket.resetAndDestroy();
  await until(() => serving.stats.lost === 1);
  assertStats(serving.stats);
  open();
  await Promise.all([first, second, third].map(({ ending }) => ending));
  stop.abort();
  assertCounts(await serving.finished, { accepted: 3, completed: 1, shed: 1, lost: 1 });
  await assertOver();
});

test('ends within grace, whatever a handler does (A49, B15)', async () => {
  const { server, serving, stop, assertOver } = await scene(() => new Promise(() => {}), {
    grace: 300,
  });
  const { socket, ending } = await connect(server);
  await until(() => serving.stats.active === 1);
  const { localAddress, localPort } = socket;
  const begun = performance.now();
  stop.abort();
  const report = await serving.finished;
  const took = performance.now() - begun;
  assert.ok(took >= 299 && took < 1500, `${took} ms`);
  assertCounts(report, { accepted: 1, forced: 1, abandoned: 1 });
  const [{ kind, remoteAddress, remotePort, age } = assert.fail(), ...others] = report.stragglers;
  assert.deepEqual([kind, remoteAddress, remotePort], ['connection', localAddress, localPort]);
  assert.ok(age >= 299, `${age} ms`);
  assert.deepEqual(others, []);
  await ending;
  await assertOver();
});

test('with `grace: 0` ends everything at once (B16)', async () => {
  const { server, serving, stop, assertOver } = await scene(
    (_, { signal }) => once(signal, 'abort'),
    { grace: 0 },
  );
  const { ending } = await connect(server);
  await until(() => serving.stats.active === 1);
  stop.abort();
  assert.equal(server.listening, false);
  assert.equal(await connectionsOf(server), 0);
  assertCounts(await serving.finished, { accepted: 1, forced: 1 });
  await ending;
  await assertOver();
});

test('with `grace: Infinity` waits however long, without a timer (B17, B20)', async () => {
  const { opened, open } = gate();
  const { server, serving, stop } = await scene(() => opened, { grace: Infinity });
  const { ending } = await connect(server);
  await until(() => serving.stats.active === 1);
  stop.abort();
  await until(() => !server.listening);
  await turns(20);
  assert.equal(serving.stats.active, 1);
  open();
  assertCounts(await serving.finished, { accepted: 1, completed: 1 });
  await ending;
});

test('takes more than a timer can wait for as long as it can', async () => {
  const { opened, open } = gate();
  const { server, serving, stop } = await scene(() => opened, { grace: 2 ** 40 });
  const { ending } = await connect(server);
  await until(() => serving.stats.active === 1);
  stop.abort();
  await until(() => !server.listening);
  await turns(20);
  open();
  assertCounts(await serving.finished, { accepted: 1, completed: 1 });
  await ending;
});

test('stops when told to, with the counts', async () => {
  const { server, serving, assertOver } = await scene(echo);
  const { socket, ending } = await connect(server);
  socket.end('hello');
  await ending;
  const stopping = serving.stop();
  assert.equal(stopping, serving.finished);
  assertCounts(await stopping, { accepted: 1, completed: 1 });
  // Everything twice.
  assert.equal(await serving.stop(), await serving.stop({ grace: 0 }));
  await serving[Symbol.asyncDispose]();
  await assertOver();
});

test('is stopped harder while it stops, and never softer (A50)', async () => {
  const { server, serving, stop, assertOver } = await scene(() => new Promise(() => {}), {
    grace: Infinity,
  });
  const { ending } = await connect(server);
  await until(() => serving.stats.active === 1);
  stop.abort();
  await until(() => !server.listening);
  void serving.stop({ grace: 0 });
  void serving.stop({ grace: 60_000 });
  assertCounts(await serving.finished, { accepted: 1, forced: 1, abandoned: 1 });
  await ending;
  await assertOver();
});

test('has one budget from the abort on: a later stop does not extend it (A48)', async () => {
  const { server, serving, stop } = await scene(() => new Promise(() => {}), { grace: 100 });
  const { ending } = await connect(server);
  await until(() => serving.stats.active === 1);
  const begun = performance.now();
  stop.abort();
  void serving.stop({ grace: 60_000 });
  await serving.finished;
  assert.ok(performance.now() - begun < 5000);
  await ending;
});

test('ends when somebody closes the server, and waits for who is served (B3)', async () => {
  const { opened, open } = gate();
  let draining: AbortSignal | undefined;
  const { server, serving, assertOver } = await scene((_, context) => {
    ({ draining } = context);
    return opened;
  });
  const { ending } = await connect(server);
  await until(() => serving.stats.active === 1);
  server.close();
  await until(() => draining?.aborted === true);
  const reason: unknown = draining?.reason;
  assert.ok(reason instanceof Error && reason.name === 'AbortError');
  open();
  assertCounts(await serving.finished, { accepted: 1, completed: 1 });
  await ending;
  await assertOver();
});

test('closes the listener once, when it is stopped in every way at once (A22, B3, B4)', async () => {
  const { server, serving, stop, assertOver } = await scene(echo);
  const closes = countCloses(server);
  stop.abort();
  void serving.stop();
  void serving[Symbol.asyncDispose]();
  await serving.finished;
  assert.equal(closes(), 1);
  stop.abort();
  void serving.stop({ grace: 0 });
  await serving.finished;
  assert.equal(closes(), 1);
  await assertOver();
});

test('with a signal that has aborted closes the listener, and serves nobody (A2, B2)', async () => {
  const server = await listening(createServer());
  const closes = countCloses(server);
  const before = listenersOn(server);
  const serving = serve(server, () => assert.fail('served'), { signal: AbortSignal.abort() });
  assert.equal(server.listening, false);
  assertCounts(await serving.finished, {});
  assert.equal(closes(), 1);
  assert.deepEqual(listenersOn(server), before);
  const brutal = await listening(createServer());
  const over = serve(brutal, () => {}, { signal: AbortSignal.abort(), grace: 0 });
  assertCounts(await over.finished, {});
});

test('rejects with what keeps the server from listening, and only `finished` does (A10, A23)', async () => {
  const taken = await listening(createServer());
  const server = createServer();
  const before = listenersOn(server);
  const serving = serve(server, () => {});
  server.listen(portOf(taken), '127.0.0.1');
  const failed = assert.rejects(serving.finished, { code: 'EADDRINUSE' });
  await serving[Symbol.asyncDispose]();
  await failed;
  await assert.rejects(serving.stop(), { code: 'EADDRINUSE' });
  assert.deepEqual(listenersOn(server), before);
  taken.close();
});

test('of a server that breaks ends who is served politely, and rejects with that error', async () => {
  const { opened, open } = gate();
  const { server, serving, assertOver } = await scene(async (socket) => {
    await opened;
    socket.write('served');
  });
  const { ending } = await connect(server);
  await until(() => serving.stats.active === 1);
  const fault = new Error('broken');
  server.emit('error', fault);
  const rejected = assert.rejects(serving.finished, (error) => error === fault);
  open();
  assert.equal((await ending).text, 'served');
  await rejected;
  await assertOver();
});

test('is stopped by leaving an `await using`', async () => {
  const { server, serving, assertOver } = await scene(echo);
  const { socket, ending } = await connect(server);
  socket.end('hello');
  await ending;
  await serving[Symbol.asyncDispose]();
  await assertOver();
  assertCounts(await serving.finished, { accepted: 1, completed: 1 });
});

test('may be returned by an async function: it is no thenable', async () => {
  const { serving, stop } = await scene(echo);
  const same = await (async () => serving)();
  assert.equal(same, serving);
  stop.abort();
  await serving.finished;
});

test('takes a signal in the place of options', async () => {
  const server = await listening(createServer());
  const stop = new AbortController();
  const serving = serve(server, echo, stop.signal);
  stop.abort();
  assertCounts(await serving.finished, {});
});

test('takes a longer grace from who stops it than it has itself', async () => {
  const { opened, open } = gate();
  const { server, serving } = await scene(() => opened, { grace: 0 });
  const { ending } = await connect(server);
  await until(() => serving.stats.active === 1);
  void serving.stop({ grace: 60_000 });
  await until(() => !server.listening);
  await turns(20);
  open();
  assertCounts(await serving.finished, { accepted: 1, completed: 1 });
  await ending;
});

for (const end of ['onError', 'the error channel', 'unpipe'] as const) {
  test(`counts a task once whose end, by ${end}, ends grace`, async () => {
    const force = (): void => void serving.stop({ grace: 0 });
    const onError = end === 'onError' ? force : (): void => {};
    const { server, serving, assertOver } = await scene(
      async (socket) => {
        if (end === 'unpipe') socket.pipe(new PassThrough().on('unpipe', force));
        else throw new Error('fault');
      },
      { onError },
    );
    if (end === 'the error channel') subscribe('accept-loop:error', force);
    const { ending } = await connect(server);
    const counts = end === 'unpipe' ? { completed: 1 } : { failed: 1 };
    assertCounts(await serving.finished, { accepted: 1, ...counts });
    unsubscribe('accept-loop:error', force);
    await ending;
    await assertOver();
  });
}

test('has nothing to do with a server that has an error when nobody new can come', async () => {
  const { opened, open } = gate();
  const { server, serving, stop, assertOver } = await scene(() => opened);
  const { ending } = await connect(server);
  await until(() => serving.stats.active === 1);
  stop.abort();
  await until(() => !server.listening);
  await turns(20);
  server.emit('error', new Error('late'));
  open();
  assertCounts(await serving.finished, { accepted: 1, completed: 1 });
  await ending;
  await assertOver();
});

test('holds no process once it is over, whatever is asked of it then (A53)', async () => {
  for (const first of ['stop', 'aborted before'] as const) {
    const server = await listening(createServer());
    const signal = first === 'stop' ? undefined : AbortSignal.abort();
    const serving = serve(server, echo, { signal });
    await (signal ? serving.finished : serving.stop());
    const before = timers();
    void serving.stop({ grace: 60_000 });
    await serving[Symbol.asyncDispose]();
    assert.deepEqual(timers(), before);
  }
});

/** Those that hold the process. */
function timers(): string[] {
  const resources = process.getActiveResourcesInfo?.() ?? [];
  return resources.filter((resource) => resource === 'Timeout');
}

test('discards what it was handed in the very turn in which grace ends', async () => {
  // Somewhere between the loop and the handler there are some microtasks.
  for (let depth = 0; depth < 12; depth += 1) {
    const { server, serving, assertOver } = await scene(() => new Promise(() => {}));
    const stopLater = (microtasks: number): void => {
      if (microtasks > 0) return queueMicrotask(() => stopLater(microtasks - 1));
      void serving.stop({ grace: 0 });
      assertStats(serving.stats);
    };
    server.once('connection', () => stopLater(depth));
    const { ending } = await connect(server);
    const { accepted, forced, discarded } = await serving.finished;
    assert.equal(accepted, 1);
    assert.equal(forced + discarded, 1);
    await ending;
    await assertOver();
  }
});

test('calls the handler and `onError` without a `this`', async () => {
  const seen: unknown[] = [];
  async function handler(this: unknown): Promise<void> {
    seen.push(this);
    throw new Error('fault');
  }
  function onError(this: unknown): void {
    seen.push(this);
  }
  const { server, serving } = await scene(handler, { onError });
  await readToEnd(server);
  await serving.stop();
  assert.deepEqual(seen, [undefined, undefined]);
});

test('leaves one listener on a signal while it serves, however many servers do (A15)', async () => {
  const stop = new AbortController();
  const servers = await Promise.all([1, 2, 3].map(() => listening(createServer())));
  const all = servers.map((server) => serve(server, () => {}, { signal: stop.signal }));
  assert.equal(abortListeners(stop.signal), 1);
  await all[0]?.stop();
  assert.equal(abortListeners(stop.signal), 1);
  await Promise.all(all.map((serving) => serving.stop()));
  assert.equal(abortListeners(stop.signal), 0);
});

test('stops, and listens on the same port again at once, ten times (A25, B7)', async () => {
  const first = await listening(createServer());
  const port = portOf(first);
  let server = first;
  for (let round = 0; round < 10; round += 1) {
    const serving = serve(server, echo);
    const { socket, ending } = await connect(port);
    socket.end('hello');
    assert.equal((await ending).text, 'hello');
    assertCounts(await serving.stop(), { accepted: 1, completed: 1 });
    server = createServer();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  }
  server.close();
});

test('does not wait beyond grace for a client that never says anything (B21)', async () => {
  const { server, serving, stop, assertOver } = await scene(echo, { grace: 50 });
  const { ending } = await connect(server);
  await until(() => serving.stats.active === 1);
  stop.abort();
  assertCounts(await serving.finished, { accepted: 1, forced: 1 });
  await ending;
  await assertOver();
});

test('tells clients of a Unix socket apart, though none has an address (A58)', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'accept-loop-')), 'socket');
  const server = createServer({ allowHalfOpen: true });
  server.listen(path);
  await once(server, 'listening');
  const serving = serve(server, echo);
  const clients = await Promise.all([1, 2, 3].map(() => connect(path)));
  await until(() => serving.stats.active === 3);
  clients[0]?.socket.end('hello');
  assert.equal((await clients[0]?.ending)?.text, 'hello');
  const report = await serving.stop({ grace: 0 });
  assertCounts(report, { accepted: 3, completed: 1, forced: 2 });
  assert.deepEqual(
    report.stragglers.map(({ kind, remoteAddress, remotePort }) => [
      kind,
      remoteAddress,
      remotePort,
    ]),
    [
      ['connection', undefined, undefined],
      ['connection', undefined, undefined],
    ],
  );
  await Promise.all(clients.map(({ ending }) => ending));
  await rm(dirname(path), { recursive: true });
});

test('serves any emitter, by its event', async () => {
  const emitter = new EventEmitter();
  const seen: unknown[] = [];
  const handler = async (args: unknown[]): Promise<void> => void seen.push(args);
  const serving = serve(emitter, handler, { event: 'job' });
  emitter.emit('job', 1, 'one');
  emitter.emit('job', 2, 'two');
  await until(() => seen.length === 2);
  assert.deepEqual(seen, [
    [1, 'one'],
    [2, 'two'],
  ]);
  assertCounts(await serving.stop(), { accepted: 2, completed: 2 });
  assert.deepEqual(emitter.eventNames(), []);
});

const functions = 'must be a function, received';
const counts = 'must be a whole number of 1 or more, or Infinity, received';
const times = 'must be a number of milliseconds of 0 or more, or Infinity, received';

for (const [option, value, name, wanted] of [
  ['concurrency', 0, 'RangeError', counts],
  ['concurrency', -1, 'RangeError', counts],
  ['concurrency', 1.5, 'RangeError', counts],
  ['concurrency', NaN, 'RangeError', counts],
  ['concurrency', '5', 'TypeError', counts],
  ['grace', -1, 'RangeError', times],
  ['grace', NaN, 'RangeError', times],
  ['grace', '1s', 'TypeError', times],
  ['idle', -1, 'RangeError', times],
  ['linger', null, 'TypeError', times],
  ['flush', -Infinity, 'RangeError', times],
  ['maxQueued', -1, 'RangeError', 'must be a whole number of 0 or more, or Infinity, received'],
  ['signal', {}, 'TypeError', 'must be an AbortSignal, received'],
  ['onError', 'log', 'TypeError', functions],
  ['event', 5, 'TypeError', 'must be the name of an event, received'],
] as const) {
  test(`{ ${option}: ${inspect(value)} } is a ${name}, and nothing is attached`, () => {
    const server = createServer();
    const before = listenersOn(server);
    const message = `Cannot serve: "${option}" ${wanted} ${inspect(value)}`;
    const options = { [option]: value } as object;
    assert.throws(() => serve(server, () => {}, options), { name, message });
    assert.deepEqual(listenersOn(server), before);
  });
}

test('names a handler that is none, options that are none, and a server that is none', async () => {
  const call = serve as (...args: unknown[]) => unknown;
  const server = createServer();
  const before = listenersOn(server);
  const handler = `Cannot serve: "handler" ${functions} undefined`;
  assert.throws(() => call(server), { name: 'TypeError', message: handler });
  assert.throws(() => call(server, () => {}, 5), /"options" must be .* AbortSignal, received 5$/);
  assert.throws(
    () => call(server, () => {}, null),
    /"options" must be .* AbortSignal, received null$/,
  );
  assert.throws(() => call({}, () => {}), /"server" must be .*, received \{\}$/);
  assert.deepEqual(listenersOn(server), before);
  const serving = serve(server, () => {});
  assert.throws(() => serving.stop({ grace: -1 }), { name: 'RangeError' });
  assert.throws(
    () => serve(server, () => {}),
    /the server has a live acceptLoop\(\) or serve\(\)$/,
  );
  await serving.stop();
});

test('takes a net server for one, whatever properties its owner has set', async () => {
  const tuned = Object.assign(createServer(), { headersTimeout: 60, requestTimeout: 60 });
  const server = await listening(tuned);
  const serving = serve(server, async (socket) => void socket.end('hello'));
  assert.equal((await readToEnd(server)).text, 'hello');
  assert.equal((await serving.stop()).completed, 1);
});

test.run();
