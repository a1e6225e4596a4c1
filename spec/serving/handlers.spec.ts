import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import type { Socket } from 'node:net';
import { Readable, Transform, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { inspect } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { NOTICE_MS } from '../../lib/bounds.ts';
import { limits } from '../support/limits.ts';
import { connectionsOf, gate, scene } from '../support/scene.ts';
import { assertCounts } from '../support/serve-counts.ts';
import { connect, echo, portOf, readToEnd, refuses } from '../support/sockets.ts';
import { projectRoot } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';
import { stall, turns, until, untilAborted } from '../support/turns.ts';
import { collectWarnings } from '../support/warnings.ts';

const test = suite('a handler that');

const megabyte = 'sixteen letters\n'.repeat(65_536);
const kibibyte = megabyte.slice(0, 1024);

test('returns at once has its connection closed (B25)', async () => {
  const { server, serving, stop, assertOver } = await scene(async () => {});
  assert.deepEqual(await readToEnd(server), { text: '', by: 'end' });
  stop.abort();
  assertCounts(await serving.finished, { accepted: 1, completed: 1 });
  await assertOver();
});

for (const [what, handler] of [
  ['never returns', (): Promise<void> => new Promise(() => {})],
  [
    'ignores both signals',
    async (_: Socket, context: { signal: AbortSignal; draining: AbortSignal }): Promise<void> => {
      for (const signal of [context.signal, context.draining]) assert.equal(signal.aborted, false);
      await new Promise(() => {});
    },
  ],
] as const) {
  test(`${what} is abandoned when grace is over (A49)`, async () => {
    const { server, serving, stop, assertOver } = await scene(handler, { grace: 100 });
    const { ending } = await connect(server);
    await until(() => serving.stats.active === 1);
    stop.abort();
    assertCounts(await serving.finished, { accepted: 1, forced: 1, abandoned: 1 });
    await ending;
    await assertOver();
  });
}

test('notices that grace is over is forced, and not abandoned', async () => {
  const reasons: unknown[] = [];
  const { server, serving, stop, errors, assertOver } = await scene(
    async (_, { signal }) => {
      reasons.push(await untilAborted(signal));
      throw signal.reason;
    },
    { grace: 50 },
  );
  const { ending } = await connect(server);
  await until(() => serving.stats.active === 1);
  stop.abort();
  assertCounts(await serving.finished, { accepted: 1, forced: 1 });
  assert.deepEqual(
    reasons.map((reason) => (reason as Error).name),
    ['TimeoutError'],
  );
  assert.deepEqual(errors, []);
  await ending;
  await assertOver();
});

test('awaits its socket is not abandoned, though a listener computes at the deadline', async () => {
  const { server, serving, assertOver } = await scene(async (socket, { signal }) => {
    signal.addEventListener('abort', () => stall(NOTICE_MS + 50));
    await text(socket);
  });
  const { ending } = await connect(server);
  await until(() => serving.stats.active === 1);
  assertCounts(await serving.stop({ grace: 50 }), { accepted: 1, forced: 1 });
  await ending;
  await assertOver();
});

test('rejects after the deadline is no unhandled rejection, and its error is told', async () => {
  const { opened, open } = gate();
  const late = new Error('late');
  const { server, serving, stop, errors, assertOver } = await scene(
    async () => {
      await opened;
      throw late;
    },
    { grace: 20 },
  );
  const { ending } = await connect(server);
  await until(() => serving.stats.active === 1);
  stop.abort();
  const report = await serving.finished;
  assertCounts(report, { accepted: 1, forced: 1, abandoned: 1 });
  open();
  await until(() => errors.length === 1);
  assert.deepEqual(errors, [late]);
  assert.equal(await serving.finished, report);
  await ending;
  await assertOver();
});

test('destroys its socket has completed', async () => {
  const { server, serving, stop, errors, assertOver } = await scene(async (socket) => {
    socket.destroy();
  });
  await readToEnd(server);
  stop.abort();
  assertCounts(await serving.finished, { accepted: 1, completed: 1 });
  assert.deepEqual(errors, []);
  await assertOver();
});

test('ends its side half may go on reading', async () => {
  let heard = '';
  const { server, serving, stop, assertOver } = await scene(async (socket) => {
    socket.end('go on');
    heard = await text(socket);
  });
  const { socket, ending } = await connect(server, { allowHalfOpen: true });
  await once(socket, 'end');
  socket.end('the rest');
  assert.deepEqual(await ending, { text: 'go on', by: 'end' });
  stop.abort();
  assertCounts(await serving.finished, { accepted: 1, completed: 1 });
  assert.equal(heard, 'the rest');
  await assertOver();
});

test('writes 4 MiB and returns while its client keeps sending has them delivered', async () => {
  const { server, serving, stop, assertOver } = await scene(async (socket) => {
    socket.write(megabyte.repeat(4));
  });
  const { socket, ending } = await connect(server, { allowHalfOpen: true });
  // It says something with every bit that it reads.
  socket.on('data', () => socket.write(kibibyte));
  socket.on('end', () => socket.end());
  const { text: received, by } = await ending;
  assert.equal(received.length, 4 * megabyte.length);
  assert.equal(by, 'end');
  stop.abort();
  assertCounts(await serving.finished, { accepted: 1, completed: 1 });
  await assertOver();
});

test('writes and returns after a `break` has it delivered', async () => {
  const { server, serving, stop } = await scene(async (socket) => {
    for await (const chunk of socket) {
      socket.write(chunk as Buffer);
      socket.write(megabyte.repeat(4));
      break;
    }
  });
  const { socket, ending } = await connect(server, { allowHalfOpen: true });
  socket.write('hello');
  socket.on('data', () => socket.write(kibibyte));
  socket.on('end', () => socket.end());
  const { text: received, by } = await ending;
  assert.equal(received.length, 5 + 4 * megabyte.length);
  assert.equal(by, 'end');
  stop.abort();
  assertCounts(await serving.finished, { accepted: 1, completed: 1 });
});

for (const [what, listen] of [
  ["a 'data' listener", (socket: Socket): unknown => socket.on('data', () => assert.fail())],
  ["a 'readable' listener", (socket: Socket): unknown => socket.on('readable', () => {})],
  ['a pipe that is stuck', (socket: Socket): unknown => socket.pipe(new Writable({ write() {} }))],
  ['it paused', (socket: Socket): unknown => socket.pause()],
] as const) {
  test(`leaves ${what} behind has it taken off, and the client's input discarded`, async () => {
    const { server, serving, stop, assertOver } = await scene(
      async (socket) => {
        listen(socket);
        socket.write('bye');
      },
      { linger: Infinity },
    );
    const { socket, ending } = await connect(server, { allowHalfOpen: true });
    await once(socket, 'end');
    socket.end(megabyte.repeat(4));
    assert.deepEqual(await ending, { text: 'bye', by: 'end' });
    stop.abort();
    assertCounts(await serving.finished, { accepted: 1, completed: 1 });
    await assertOver();
  });
}

test('has ended its side, and all of it has left, lingers no longer than others', async () => {
  const { server, serving, stop, assertOver } = await scene(
    async (socket) => {
      socket.end('bye');
      await once(socket, 'finish');
    },
    { linger: 50, flush: Infinity },
  );
  const { socket } = await connect(server, { allowHalfOpen: true });
  await once(socket, 'end');
  stop.abort();
  assertCounts(await serving.finished, { accepted: 1, completed: 1 });
  socket.destroy();
  await assertOver();
});

for (const allowHalfOpen of [true, false]) {
  test(`echoes 8 MiB to a slow reader, allowHalfOpen: ${allowHalfOpen}, gives it all (A37, A59)`, async () => {
    const { server, serving, stop, assertOver } = await scene(echo, { allowHalfOpen });
    const { socket, ending } = await connect(server, { allowHalfOpen: true });
    socket.pause();
    socket.end(megabyte.repeat(8));
    await until(() => serving.stats.active === 1);
    await turns(20);
    // The shutdown finds it in the middle.
    stop.abort();
    await refuses(server);
    socket.resume();
    const { text: received, by } = await ending;
    assert.equal(received.length, 8 * megabyte.length);
    assert.equal(by, 'end');
    assertCounts(await serving.finished, { accepted: 1, completed: 1 });
    await assertOver();
  });
}

test('reads to the end of input and answers later is heard, with allowHalfOpen', async () => {
  const { server, serving, stop, assertOver } = await scene(async (socket) => {
    const input = await text(socket);
    await turns(20);
    socket.write(`you said ${input}`);
  });
  const { socket, ending } = await connect(server);
  socket.end('hello');
  assert.deepEqual(await ending, { text: 'you said hello', by: 'end' });
  stop.abort();
  assertCounts(await serving.finished, { accepted: 1, completed: 1 });
  await assertOver();
});

test('calls stop() itself, without waiting, is served to its end', async () => {
  const { server, serving, assertOver } = await scene(async (socket) => {
    void serving.stop();
    await turns(20);
    socket.write('stopped');
  });
  assert.deepEqual(await readToEnd(server), { text: 'stopped', by: 'end' });
  assertCounts(await serving.finished, { accepted: 1, completed: 1 });
  await assertOver();
});

test('awaits stop() waits for itself, until grace is over', async () => {
  const { server, serving, assertOver } = await scene(() => serving.stop({ grace: 50 }));
  await readToEnd(server);
  assertCounts(await serving.finished, { accepted: 1, forced: 1, abandoned: 1 });
  await assertOver();
});

test('stops with no grace, in the middle of everything, is forced itself', async () => {
  const { server, serving, assertOver } = await scene(async () => void serving.stop({ grace: 0 }), {
    concurrency: 1,
  });
  const clients = await Promise.all([1, 2, 3].map(() => connect(server)));
  await Promise.all(clients.map(({ ending }) => ending));
  const { stragglers, ...counts } = await serving.finished;
  assert.equal(counts.forced, 1);
  assert.equal(counts.accepted, counts.forced + counts.discarded);
  assert.ok(stragglers.length >= 1);
  await assertOver();
});

test('aborts the signal itself is served to its end', async () => {
  const { server, serving, stop, assertOver } = await scene(async (socket, { draining }) => {
    stop.abort();
    assert.equal(draining.aborted, true);
    await turns(20);
    socket.write('aborted');
  });
  assert.deepEqual(await readToEnd(server), { text: 'aborted', by: 'end' });
  assertCounts(await serving.finished, { accepted: 1, completed: 1 });
  await assertOver();
});

test('returns no promise has a task until its connection closes', async () => {
  const { server, serving, stop, assertOver } = await scene((socket) => {
    socket.pipe(socket);
  });
  const { socket, ending } = await connect(server);
  socket.write('hello');
  await once(socket, 'data');
  assert.equal(serving.stats.active, 1);
  socket.end(' again');
  assert.deepEqual(await ending, { text: 'hello again', by: 'end' });
  await until(() => serving.stats.active === 0);
  stop.abort();
  assertCounts(await serving.finished, { accepted: 1, completed: 1 });
  await assertOver();
});

test('returns no promise has failed when its socket has, and tells nobody', async () => {
  const { server, serving, stop, errors, assertOver } = await scene((socket) => {
    socket.pipe(socket);
    socket.on('data', () => socket.destroy(new Error('broken')));
  });
  const { socket, ending } = await connect(server);
  socket.write('hello');
  await ending;
  await until(() => serving.stats.active === 0);
  stop.abort();
  assertCounts(await serving.finished, { accepted: 1, failed: 1 });
  assert.deepEqual(errors, []);
  await assertOver();
});

test('returns no promise and ends its side has its client cut off after `linger`', async () => {
  const { server, serving, stop, assertOver } = await scene(
    (socket) => {
      socket.end('bye');
    },
    { linger: 50 },
  );
  const { socket } = await connect(server, { allowHalfOpen: true });
  await once(socket, 'end');
  // It never ends its own.
  await until(() => serving.stats.completed === 1);
  assert.equal(await connectionsOf(server), 0);
  socket.destroy();
  stop.abort();
  assertCounts(await serving.finished, { accepted: 1, completed: 1 });
  await assertOver();
});

test('returns no promise and ends first goes on hearing its client', async () => {
  let heard = 0;
  const { server, serving, stop, assertOver } = await scene((socket) => {
    socket.on('data', (chunk: Buffer) => (heard += chunk.length));
    socket.end('banner');
  });
  const { socket, ending } = await connect(server, { allowHalfOpen: true });
  await until(() => socket.readableEnded);
  socket.end(megabyte);
  assert.deepEqual(await ending, { text: 'banner', by: 'end' });
  await until(() => serving.stats.completed === 1);
  assert.equal(heard, megabyte.length);
  stop.abort();
  assertCounts(await serving.finished, { accepted: 1, completed: 1 });
  await assertOver();
});

test('returns no promise for a connection that had ended before lingers as any other', async () => {
  const { opened, open } = gate();
  const { server, serving, stop } = await scene(
    (socket) => (socket.writableFinished ? undefined : opened),
    { linger: 50, concurrency: 1 },
  );
  server.on('connection', (socket) => {
    if (serving.stats.accepted === 2) socket.end();
  });
  const clients = [await connect(server, { allowHalfOpen: true })];
  await until(() => serving.stats.active === 1);
  clients.push(await connect(server, { allowHalfOpen: true }));
  await until(() => clients[1]?.socket.readableEnded === true);
  open();
  await until(() => serving.stats.completed === 2);
  for (const { socket } of clients) socket.destroy();
  stop.abort();
  assertCounts(await serving.finished, { accepted: 2, completed: 2 });
});

/** Odd ones, which have failed before anybody can wait for them. */
const thenables: Record<string, (fault: Error) => object> = {
  'whose `then` throws': (fault) =>
    // oxlint-disable-next-line unicorn/no-thenable -- that is what it is about
    Object.defineProperty({}, 'then', {
      get() {
        throw fault;
      },
    }),
  'that is a function': (fault) => {
    const value = (_: unknown, reject: (error: Error) => void): void => reject(fault);
    // oxlint-disable-next-line unicorn/no-thenable -- and so is this
    return Object.defineProperty(() => {}, 'then', { value });
  },
};

for (const [what, thenable] of Object.entries(thenables)) {
  test(`returns a thenable ${what} fails alone`, async () => {
    const fault = new Error('then');
    let isFirst = true;
    const { server, serving, stop, errors } = await scene((socket) => {
      if (!isFirst) return void socket.end('fine');
      isFirst = false;
      return thenable(fault);
    });
    await readToEnd(server);
    assert.equal((await readToEnd(server)).text, 'fine');
    await until(() => serving.stats.completed === 1);
    stop.abort();
    assertCounts(await serving.finished, { accepted: 2, completed: 1, failed: 1 });
    assert.deepEqual(errors, [fault]);
  });
}

test('throws what cannot be looked at fails alone, with a warning', async () => {
  const { warnings, stopCollecting } = collectWarnings();
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const thrown: unknown[] = [
    revoked.proxy,
    {
      get code() {
        throw new Error('no code');
      },
      [inspect.custom]() {
        throw new Error('not to be shown');
      },
    },
  ];
  const { server, serving, stop } = await scene(
    async () => {
      throw thrown.shift();
    },
    { onError: undefined },
  );
  await readToEnd(server);
  await readToEnd(server);
  stop.abort();
  assertCounts(await serving.finished, { accepted: 2, failed: 2 });
  await until(() => warnings.length === 2);
  stopCollecting();
  for (const { message } of warnings) assert.match(message, /^A handler has thrown/);
});

test('reads a file that cannot be read tells, though it is the error of the socket, too', async () => {
  const { server, serving, stop, errors } = await scene((socket) =>
    pipeline(createReadStream(projectRoot), socket),
  );
  await readToEnd(server);
  await until(() => serving.stats.failed === 1);
  assert.deepEqual(
    errors.map((error) => (error as NodeJS.ErrnoException).code),
    ['EISDIR'],
  );
  stop.abort();
  assertCounts(await serving.finished, { accepted: 1, failed: 1 });
});

test('has a bug in its pipeline tells, though that has destroyed the socket with it', async () => {
  const bug = new SyntaxError('parser');
  const { server, serving, stop, errors } = await scene((socket) =>
    pipeline(
      socket,
      new Transform({ transform: (_chunk, _encoding, callback) => callback(bug) }),
      socket,
    ),
  );
  const { socket, ending } = await connect(server);
  socket.write('hello');
  await ending;
  await until(() => serving.stats.failed === 1);
  assert.deepEqual(errors, [bug]);
  stop.abort();
  assertCounts(await serving.finished, { accepted: 1, failed: 1 });
});

for (const [what, write, cannot] of [
  [
    'write()',
    (socket: Socket) =>
      new Promise<void>((resolve, reject) => {
        socket.write('late', (error) => (error ? reject(error) : resolve()));
      }),
  ],
  [
    'end()',
    (socket: Socket) =>
      new Promise((_, reject) => {
        socket.end('late', reject as () => void);
      }),
  ],
  [
    'pipeline()',
    (socket: Socket) => pipeline(Readable.from(['late']), socket),
    limits.pipesIntoClosedStream,
  ],
] as const) {
  test(
    `has a ${what} to a client that has left politely fail tells nobody`,
    async () => {
      const { server, serving, stop, errors } = await scene(
        async (socket) => {
          await text(socket);
          if (!socket.closed) await once(socket, 'close');
          await write(socket);
        },
        { allowHalfOpen: false },
      );
      const { socket, ending } = await connect(server);
      socket.end();
      await ending;
      await until(() => serving.stats.active === 0);
      stop.abort();
      const { completed, failed } = await serving.finished;
      assert.equal(completed + failed, 1);
      assert.deepEqual(errors, []);
    },
    cannot ? { cannot } : {},
  );
}

test('uses a connection that has gone has failed, and tells nobody (A51)', async () => {
  const ways: ((socket: Socket) => Promise<unknown>)[] = [
    echo,
    (socket) => pipeline(socket, async (source) => void (await text(source)), { end: false }),
    (socket) => once(socket, 'never'),
    async (socket) => {
      await once(socket, 'close').catch(() => {});
      await new Promise<void>((resolve, reject) => {
        socket.write('too late', (error) => (error ? reject(error) : resolve()));
      });
    },
  ];
  for (const way of ways) {
    const { server, serving, stop, errors, assertOver } = await scene(way);
    const { socket, ending } = await connect(server);
    socket.write('hello');
    await until(() => serving.stats.active === 1);
    await turns(5);
    socket.resetAndDestroy();
    await ending;
    await until(() => serving.stats.active === 0);
    stop.abort();
    assertCounts(await serving.finished, { accepted: 1, failed: 1 });
    assert.deepEqual(errors, [], String(way));
    await assertOver();
  }
});

test('passes its signals on has the errors of these calls counted, and not told', async () => {
  const { server, serving, stop, errors, assertOver } = await scene(
    async (socket, { signal, draining }) => {
      await once(socket, 'data');
      await delay(60_000, undefined, { signal: AbortSignal.any([signal, draining]) });
    },
  );
  const client = await connect(server);
  client.socket.write('hello');
  await until(() => serving.stats.active === 1);
  await turns(5);
  stop.abort(new Error('deploy'));
  await client.ending;
  assertCounts(await serving.finished, { accepted: 1, failed: 1 });
  assert.deepEqual(errors, []);
  await assertOver();
});

test('rejects with the reason of the shutdown is counted, and not told', async () => {
  const { server, serving, stop, errors } = await scene(async (_, { draining }) => {
    await once(draining, 'abort');
    throw draining.reason;
  });
  const { ending } = await connect(server);
  await until(() => serving.stats.active === 1);
  stop.abort(new Error('deploy'));
  await ending;
  assertCounts(await serving.finished, { accepted: 1, failed: 1 });
  assert.deepEqual(errors, []);
});

test('rejects with an AbortError that is no signal of its own tells, as with nothing', async () => {
  const thrown = [new DOMException('mine', 'AbortError'), undefined, null];
  const expected = [...thrown];
  const { server, serving, stop, errors } = await scene(async () => {
    throw thrown.shift();
  });
  for (const count of [1, 2, 3]) {
    await readToEnd(server);
    await until(() => errors.length === count);
  }
  assert.deepEqual(errors, expected);
  stop.abort();
  assertCounts(await serving.finished, { accepted: 3, failed: 3 });
});

test('fails after the client has left, for a reason of its own, tells', async () => {
  const fault = new Error('database');
  const { server, serving, stop, errors } = await scene(async (_, { signal }) => {
    await once(signal, 'abort');
    throw fault;
  });
  const { socket } = await connect(server);
  await until(() => serving.stats.active === 1);
  await turns(5);
  socket.resetAndDestroy();
  await until(() => errors.length === 1);
  assert.deepEqual(errors, [fault]);
  stop.abort();
  assertCounts(await serving.finished, { accepted: 1, failed: 1 });
});

test('leaves no handle behind after 1000 clients (A59)', async () => {
  const { server, serving, stop, assertOver } = await scene(echo);
  const port = portOf(server);
  const client = async (): Promise<void> => {
    const { socket, ending } = await connect(port);
    socket.end('hello');
    assert.deepEqual(await ending, { text: 'hello', by: 'end' });
  };
  for (let round = 0; round < 20; round += 1) {
    await Promise.all(Array.from({ length: 50 }, client));
  }
  assert.equal(await connectionsOf(server), 0);
  stop.abort();
  assertCounts(await serving.finished, { accepted: 1000, completed: 1000 });
  await assertOver();
});

test.run();
