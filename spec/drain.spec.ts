import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { EventEmitter, once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import {
  drain,
  type DrainMessage,
  type DrainOptions,
  type DrainReport,
  type EndMessage,
} from 'accept-loop';
import { inTime } from './support/in-time.ts';
import { limits } from './support/limits.ts';
import { abortListeners, listenersOn } from './support/listeners.ts';
import { connectionsOf } from './support/scene.ts';
import { type Client, connect, listening, portOf, refused } from './support/sockets.ts';
import { suite } from './support/suite.ts';
import { stall, turns, until } from './support/turns.ts';
import { collectWarnings } from './support/warnings.ts';

const test = suite('drain');

interface Scene {
  readonly server: Server;
  readonly stop: AbortController;
  readonly drained: Promise<DrainReport>;
  /** The server's sockets, in order of arrival. */
  readonly sockets: readonly Socket[];
  /** A client that the server has accepted. */
  readonly client: () => Promise<Client>;
  /** Waits for the end, and asserts that nothing is left. */
  readonly over: () => Promise<DrainReport>;
}

/** A TCP server that does nothing with its connections, and is drained. */
async function scene(options: DrainOptions = {}): Promise<Scene> {
  const server = createServer({ allowHalfOpen: true });
  const sockets: Socket[] = [];
  let closes = 0;
  server.on('connection', (socket) => sockets.push(socket.on('error', () => {})));
  server.on('close', () => (closes += 1));
  await listening(server);
  const before = listenersOn(server);
  const stop = new AbortController();
  const drained = drain(server, { signal: stop.signal, ...options });
  const client = async (): Promise<Client> => {
    const count = sockets.length;
    const connected = await connect(server);
    await until(() => sockets.length > count);
    return connected;
  };
  const over = async (): Promise<DrainReport> => {
    const report = await drained;
    assert.equal(report.forced, report.stragglers.length);
    assert.equal(server.listening, false);
    assert.equal(await connectionsOf(server), 0);
    assert.deepEqual(listenersOn(server), before);
    assert.equal(abortListeners(stop.signal), 0);
    await turns(3);
    assert.equal(closes, 1);
    return report;
  };
  return { server, stop, drained, sockets, client, over };
}

function countsOf({ finished, forced }: DrainReport): { finished: number; forced: number } {
  return { finished, forced };
}

test('leaves a server alone until its signal aborts', async () => {
  const { server, stop, client, over } = await scene();
  const { socket } = await client();
  await turns(5);
  assert.equal(server.listening, true);
  stop.abort();
  await until(() => !server.listening);
  assert.equal(socket.readyState, 'open');
  socket.resetAndDestroy();
  assert.deepEqual(countsOf(await over()), { finished: 1, forced: 0 });
});

test('lets TCP connections end by themselves, whoever ends them', async () => {
  const { server, stop, sockets, client, over } = await scene();
  const [first, second] = [await client(), await client()];
  stop.abort();
  await until(() => !server.listening);
  sockets[0]?.end('bye');
  first.socket.end();
  assert.deepEqual(await first.ending, { text: 'bye', by: 'end' });
  second.socket.resetAndDestroy();
  assert.deepEqual(countsOf(await over()), { finished: 2, forced: 0 });
});

test('destroys what is left when grace is over, and says who it was (B15)', async () => {
  const { stop, client, drained, over } = await scene({ grace: 60 });
  const { socket, ending } = await client();
  const { localPort } = socket;
  stop.abort();
  await inTime(60, drained);
  await ending;
  const { duration, ...report } = await over();
  const [straggler] = report.stragglers;
  assert.deepEqual(countsOf({ ...report, duration }), { finished: 0, forced: 1 });
  assert.equal(straggler?.kind, 'connection');
  assert.deepEqual([straggler.remoteAddress, straggler.remotePort], ['127.0.0.1', localPort]);
  assert.ok(duration >= 59, `${duration}`);
  assert.ok(straggler.age >= 59);
});

test('with grace 0 ends everything at once (B16)', async () => {
  const { server, stop, client, over } = await scene({ grace: 0 });
  const { ending } = await client();
  stop.abort();
  assert.equal(server.listening, false);
  await ending;
  assert.deepEqual(countsOf(await over()), { finished: 0, forced: 1 });
});

test('with grace Infinity waits for as long as it takes (B17)', async () => {
  const { stop, client, drained, over } = await scene({ grace: Infinity });
  const { socket } = await client();
  stop.abort();
  const first = await Promise.race([drained, new Promise((resolve) => setTimeout(resolve, 100))]);
  assert.equal(first, undefined);
  socket.resetAndDestroy();
  assert.deepEqual(countsOf(await over()), { finished: 1, forced: 0 });
});

test(
  'takes a last call: who waits in the accept queue is let in',
  async () => {
    const { server, stop, sockets, over } = await scene();
    const clients = await Promise.all(Array.from({ length: 20 }, () => connect(server)));
    stop.abort();
    await until(() => !server.listening);
    assert.equal(sockets.length, clients.length);
    for (const { socket } of clients) socket.resetAndDestroy();
    assert.deepEqual(countsOf(await over()), { finished: 20, forced: 0 });
  },
  { cannot: limits.exactLastCall },
);

test('begins at once without a signal, and with one that has aborted', async () => {
  for (const signal of [undefined, AbortSignal.abort()]) {
    const server = await listening(createServer());
    const port = portOf(server);
    const report = await drain(server, signal ? { signal } : {});
    assert.deepEqual(countsOf(report), { finished: 0, forced: 0 });
    assert.equal(await refused(port), 'ECONNREFUSED');
  }
});

test('takes a signal in place of the options', async () => {
  const server = await listening(createServer());
  const stop = new AbortController();
  const drained = drain(server, stop.signal);
  stop.abort();
  assert.deepEqual(countsOf(await drained), { finished: 0, forced: 0 });
  assert.equal(server.listening, false);
});

test("begins when somebody closes the server, and emits no second 'close' (A5, B3)", async () => {
  const { server, client, drained, over } = await scene({ grace: 100 });
  const { ending } = await client();
  server.close();
  await ending;
  assert.deepEqual(countsOf(await drained), { finished: 0, forced: 1 });
  await over();
});

test('bears somebody who closes the server while it is drained', async () => {
  const { server, stop, client, over } = await scene();
  const { socket } = await client();
  stop.abort();
  server.close();
  await until(() => !server.listening);
  socket.resetAndDestroy();
  assert.deepEqual(countsOf(await over()), { finished: 1, forced: 0 });
});

test('is over at once for a server that has never listened, or is closed (A22, A23)', async () => {
  for (const server of [createServer(), createHttpServer() as Server]) {
    assert.deepEqual(countsOf(await drain(server)), { finished: 0, forced: 0 });
    await listening(server);
    server.close();
    await once(server, 'close');
    let closes = 0;
    server.on('close', () => (closes += 1));
    assert.deepEqual(countsOf(await drain(server)), { finished: 0, forced: 0 });
    await turns(3);
    assert.ok(closes <= 1);
  }
});

test(
  'waits for the connections of a server that was closed before',
  async () => {
    const server = await listening(createServer());
    const accepted = once(server, 'connection');
    const { socket } = await connect(server);
    const [incoming] = (await accepted) as [Socket];
    incoming.on('error', () => {});
    server.close();
    const drained = drain(server);
    await turns(5);
    const closed = once(server, 'close');
    socket.destroy();
    await closed;
    assert.deepEqual(countsOf(await drained), { finished: 1, forced: 0 });
  },
  { cannot: limits.connectionsAfterClose },
);

test('calls off a bind that is under way (A21)', async () => {
  const server = createServer();
  server.listen(0, 'localhost');
  const report = await drain(server);
  assert.deepEqual(countsOf(report), { finished: 0, forced: 0 });
  await turns(10);
  assert.equal(server.listening, false);
});

test("leaves the server's errors to its owner", async () => {
  const taken = await listening(createServer());
  const server = createServer();
  const stop = new AbortController();
  const drained = drain(server, stop.signal);
  assert.equal(server.listenerCount('error'), 0);
  const failed = once(server, 'error');
  server.listen(portOf(taken), '127.0.0.1');
  assert.equal((await failed)[0].code, 'EADDRINUSE');
  stop.abort();
  assert.deepEqual(countsOf(await drained), { finished: 0, forced: 0 });
  taken.close();
});

test('follows a server that listens later', async () => {
  const server = createServer();
  const stop = new AbortController();
  const drained = drain(server, { signal: stop.signal, grace: 50 });
  await listening(server);
  const accepted = once(server, 'connection');
  const { ending } = await connect(server);
  await accepted;
  stop.abort();
  await ending;
  assert.deepEqual(countsOf(await drained), { finished: 0, forced: 1 });
});

test('can only wait for connections that were there before, and lists them (A39)', async () => {
  const server = await listening(createServer());
  const accepted = once(server, 'connection');
  const { socket, ending } = await connect(server);
  const [incoming] = (await accepted) as [Socket];
  incoming.on('error', () => {});
  const { duration, ...report } = await inTime(100, drain(server, { grace: 100 }));
  assert.deepEqual(countsOf({ ...report, duration }), { finished: 0, forced: 1 });
  assert.equal(report.stragglers[0]?.remoteAddress, undefined);
  assert.ok(duration >= 99, `${duration}`);
  assert.equal(incoming.destroyed, false);
  const closed = once(server, 'close');
  socket.destroy();
  await ending;
  await closed;
});

test('is one shutdown however often it is called: the earliest deadline counts (A50)', async () => {
  const { server, stop, client, drained, over } = await scene({ grace: 10_000 });
  const { ending } = await client();
  const other = new AbortController();
  const reports = [
    drained,
    drain(server, { signal: other.signal, grace: 60 }),
    drain(server, { signal: new AbortController().signal, grace: 5000 }),
  ];
  other.abort();
  const [first, ...rest] = await inTime(60, Promise.all(reports));
  await ending;
  for (const report of rest) assert.equal(report, first);
  assert.equal(abortListeners(stop.signal), 0);
  assert.equal(abortListeners(other.signal), 0);
  await over();
});

test('is made harder by a call while it is under way', async () => {
  const { server, stop, client, drained, over } = await scene({ grace: 10_000 });
  const { ending } = await client();
  stop.abort();
  await until(() => !server.listening);
  const again = drain(server, { grace: 0 });
  await ending;
  assert.equal(await again, await drained);
  assert.deepEqual(countsOf(await over()), { finished: 0, forced: 1 });
});

test('begins anew for a server that listens again', async () => {
  const { server, stop, over } = await scene();
  stop.abort();
  await over();
  await listening(server);
  assert.deepEqual(countsOf(await drain(server)), { finished: 0, forced: 0 });
  assert.equal(server.listening, false);
});

test('lets many servers share a signal (A15)', async () => {
  const { warnings, stopCollecting } = collectWarnings();
  const stop = new AbortController();
  const servers = await Promise.all(Array.from({ length: 12 }, () => listening(createServer())));
  const drained = servers.map((server) => drain(server, stop.signal));
  stop.abort();
  await Promise.all(drained);
  await turns(2);
  stopCollecting();
  assert.deepEqual(warnings, []);
  assert.equal(abortListeners(stop.signal), 0);
});

test('publishes its beginning, with the reason, and its end, with the report', async () => {
  const { server, stop, drained } = await scene();
  const messages: unknown[] = [];
  const onMessage = (message: unknown): void => {
    if ((message as { server: unknown }).server === server) messages.push(message);
  };
  subscribe('accept-loop:drain', onMessage);
  subscribe('accept-loop:end', onMessage);
  stop.abort('enough');
  const report = await drained;
  const [begun, ended] = messages as [DrainMessage, EndMessage];
  assert.equal(begun.reason, 'enough');
  assert.equal(ended.stats, report);
  assert.equal(messages.length, 2);
  unsubscribe('accept-loop:drain', onMessage);
  unsubscribe('accept-loop:end', onMessage);
});

test('refuses bad arguments, by name, with nothing attached', () => {
  const server = createServer();
  const before = listenersOn(server);
  const bad: [unknown, unknown, RegExp][] = [
    [undefined, {}, /^TypeError: Cannot drain: "server" must be a net, .* received undefined$/],
    [new EventEmitter(), {}, /^TypeError: Cannot drain: "server" must be/],
    [server, null, /^TypeError: Cannot drain: "options" must be .* received null$/],
    [server, { signal: 5 }, /^TypeError: Cannot drain: "signal" must be an AbortSignal/],
    [server, { grace: '1' }, /^TypeError: Cannot drain: "grace" must be .* received '1'$/],
    [server, { grace: -1 }, /^RangeError: Cannot drain: "grace" must be .* received -1$/],
    [server, { idle: Number.NaN }, /^RangeError: Cannot drain: "idle" must be/],
  ];
  for (const [target, options, expected] of bad) {
    assert.throws(() => drain(target as Server, options as DrainOptions), expected);
  }
  assert.deepEqual(listenersOn(server), before);
});

for (const grace of [0, 20]) {
  test(`with a grace of ${grace} ms ends many in slices, and each once`, async () => {
    const { stop, client, sockets, over } = await scene({ grace });
    while (sockets.length < 20) await client();
    const ports = sockets.map(({ remotePort }) => remotePort);
    let turn = 0;
    let immediate = setImmediate(function count() {
      turn += 1;
      immediate = setImmediate(count);
    });
    const destroyedIn: number[] = [];
    for (const socket of sockets) {
      const destroy = socket.destroy.bind(socket);
      socket.destroy = () => {
        // So long that few of them are a slice.
        stall(4);
        destroyedIn.push(turn);
        return destroy();
      };
    }
    stop.abort();
    const { stragglers } = await over();
    clearImmediate(immediate);
    assert.deepEqual(
      stragglers.map(({ remotePort }) => remotePort),
      ports,
    );
    assert.equal(destroyedIn.length, 20);
    // On a busy machine the deadline is long over, and the rest is done in one go.
    assert.ok(new Set(destroyedIn).size >= 3, `in the turns ${destroyedIn.join()}`);
  });
}

test('ends one that comes by a listener before ours that has ended all by force', async () => {
  const server = createServer();
  server.on('connection', () => void drain(server, { grace: 0 }));
  await listening(server);
  const drained = drain(server, { signal: new AbortController().signal });
  const { socket, ending } = await connect(server);
  const { localPort } = socket;
  const { finished, forced, stragglers } = await drained;
  assert.deepEqual({ finished, forced }, { finished: 0, forced: 1 });
  assert.deepEqual(
    stragglers.map(({ kind, remotePort }) => [kind, remotePort]),
    [['connection', localPort]],
  );
  await ending;
});

test.run();
