import assert from 'node:assert/strict';
import { type EventEmitter, once } from 'node:events';
import {
  connect as connectHttp2,
  createServer as createHttp2Server,
  type Http2Server,
} from 'node:http2';
import { createServer, type Server, type Socket } from 'node:net';
import { drain, serve, type Serving } from 'accept-loop';
import { garbageCollector } from '../support/garbage.ts';
import { inTime } from '../support/in-time.ts';
import { abortListeners, listenersOn } from '../support/listeners.ts';
import { assertReport, assertStats } from '../support/report.ts';
import { runtime } from '../support/runtime.ts';
import { connectionsOf, scene } from '../support/scene.ts';
import { assertCounts } from '../support/serve-counts.ts';
import { connect, listening, portOf } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { sleep, turns, until } from '../support/turns.ts';
import { type Unheard, unheard } from '../support/unheard.ts';

const test = suite('a connection whose owner has taken every listener off');

/** How long one may hold a slot, or a shutdown, when it has gone. */
const SOON_MS = 1000;

/** What asserts that nothing is left of a server as it is now. */
function whenOver(server: EventEmitter): () => Promise<void> {
  const before = listenersOn(server);
  const closed = new Promise((resolve) => server.once('close', resolve));
  return async () => {
    await closed;
    assert.deepEqual(listenersOn(server), before);
    if (!('getConnections' in server)) return;
    assert.equal((server as Server).listening, false);
    assert.equal(await connectionsOf(server as Server), 0);
  };
}

/** Calls the owner in callback style with what `serve` brings. */
function serveUnheard(
  server: EventEmitter,
  kind: Unheard,
  signal: AbortSignal,
): { serving: Serving; owned: () => number } {
  let owned = 0;
  const own = (args: unknown[]): void => {
    owned += 1;
    kind.own(...args);
  };
  const options = { signal, concurrency: 1, grace: 5000, idle: 50 };
  const serving = kind.isUsual
    ? serve(server as Server, (connection: unknown) => own([connection].flat()), options)
    : serve(server, own, { ...options, event: kind.event });
  return { serving, owned: () => owned };
}

for (const [what, kind] of Object.entries(unheard)) {
  test(`leaves its slot of serve when it has closed (${what})`, async () => {
    const server = await kind.open();
    const assertOver = whenOver(server);
    const stop = new AbortController();
    const { serving, owned } = serveUnheard(server, kind, stop.signal);
    const visitors = [kind.visit(portOf(server)), kind.visit(portOf(server))];
    await until(() => owned() === 1);
    const first = await Promise.race(visitors.map(async (each) => (await each.answered, each)));
    const second = visitors.find((each) => each !== first) ?? assert.fail();
    assert.equal(owned(), 1);
    await first.leave();
    await inTime(
      SOON_MS,
      until(() => owned() === 2),
    );
    await second.answered;
    await second.leave();
    stop.abort();
    const report = await inTime(SOON_MS, serving.finished);
    assertReport(report);
    assertStats(serving.stats);
    const { accepted, forced, abandoned, stragglers } = report;
    assert.deepEqual({ accepted, forced, abandoned }, { accepted: 2, forced: 0, abandoned: 0 });
    assert.deepEqual(stragglers, []);
    await assertOver();
    assert.equal(abortListeners(stop.signal), 0);
  });

  test(`is not waited for by drain when it has closed (${what})`, async () => {
    const server = await kind.open();
    server.on(kind.event, (...args: unknown[]) => kind.own(...args));
    const assertOver = whenOver(server);
    const stop = new AbortController();
    const options = { signal: stop.signal, grace: 5000, idle: 50 };
    const drained = drain(server as Server, options);
    const port = portOf(server);
    const gone = kind.visit(port);
    await gone.answered;
    await gone.leave();
    const stays = kind.visit(port);
    await stays.answered;
    stop.abort();
    await turns(20);
    await stays.leave();
    const { forced, stragglers } = await inTime(SOON_MS, drained);
    assert.deepEqual({ forced, stragglers }, { forced: 0, stragglers: [] });
    await assertOver();
    assert.equal(abortListeners(stop.signal), 0);
  });
}

/** An HTTP/2 server whose owner strips its first socket, and destroys it, when a request has come. */
async function stripped(): Promise<{ server: Http2Server; port: number }> {
  const server = createHttp2Server();
  server.once('connection', (socket: Socket) => {
    server.once('stream', () => {
      socket.removeAllListeners();
      socket.on('error', () => {}).destroy();
    });
  });
  await listening(server);
  return { server, port: portOf(server) };
}

/** Makes a request. Resolves when its client has closed, or with the text of an answer. */
async function askHttp2(port: number): Promise<string> {
  const client = connectHttp2(`http://127.0.0.1:${port}`);
  const closed = once(client, 'close').then(() => '');
  client.on('error', () => {});
  const request = client.request().on('error', () => {});
  let answer = '';
  request.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
  const answered = new Promise<string>((resolve) => request.on('end', () => resolve(answer)));
  const seen = await Promise.race([answered, closed]);
  client.destroy();
  return seen;
}

test('leaves its slot of serve when the owner has destroyed it (HTTP/2)', async () => {
  const { server, port } = await stripped();
  let asked = 0;
  const serving = serve(
    server,
    ([, response]) => {
      asked += 1;
      if (asked === 1) return;
      response.end('served');
    },
    { concurrency: 1, grace: 5000, idle: 50 },
  );
  const gone = askHttp2(port);
  await until(() => asked === 1);
  assert.equal(await inTime(2 * SOON_MS, askHttp2(port)), 'served');
  assert.equal(await gone, '');
  const report = await inTime(SOON_MS, serving.stop());
  assertReport(report);
  const { accepted, failed, completed, forced, stragglers } = report;
  assert.deepEqual({ accepted, failed, completed }, { accepted: 2, failed: 1, completed: 1 });
  assert.deepEqual({ forced, stragglers }, { forced: 0, stragglers: [] });
  assert.equal(await connectionsOf(server), 0);
});

test('is not waited for by drain when the owner has destroyed it (HTTP/2)', async () => {
  const { server, port } = await stripped();
  const stop = new AbortController();
  server.on('request', () => {});
  const drained = drain(server, { signal: stop.signal, grace: 5000, idle: 50 });
  assert.equal(await askHttp2(port), '');
  stop.abort();
  const { forced, stragglers } = await inTime(SOON_MS, drained);
  assert.deepEqual({ forced, stragglers }, { forced: 0, stragglers: [] });
  assert.equal(await connectionsOf(server), 0);
});

/** When those who listen have begun to. */
function takeLater(socket: Socket): void {
  setImmediate(() => {
    socket.removeAllListeners();
    socket.on('error', () => {}).resume();
  });
}

test('is not waited for by serve when its handler had resolved before', async () => {
  const {
    server,
    serving,
    stop,
    assertOver: assertNothingLeft,
  } = await scene(
    async (socket) => {
      // The answer is on its way when the listeners go, and the end of our side is to follow.
      socket.write('answer');
      takeLater(socket);
    },
    { linger: Infinity, flush: Infinity, grace: 5000 },
  );
  const { ending } = await connect(server);
  assert.equal((await ending).text, 'answer');
  stop.abort();
  assertCounts(await inTime(SOON_MS, serving.finished), { accepted: 1, completed: 1 });
  await assertNothingLeft();
});

test('is waited for while it is open', async () => {
  const sockets: Socket[] = [];
  const {
    server,
    serving,
    stop,
    assertOver: assertNothingLeft,
  } = await scene(
    (socket) => {
      takeLater(socket);
      sockets.push(socket);
    },
    { grace: 5000 },
  );
  const { socket, ending } = await connect(server);
  await until(() => sockets.length === 1);
  await turns(2);
  stop.abort();
  await until(() => !server.listening);
  await turns(20);
  assert.equal(serving.stats.active, 1);
  sockets[0]?.end('still here');
  socket.end();
  assert.equal((await ending).text, 'still here');
  assertCounts(await inTime(SOON_MS, serving.finished), { accepted: 1, completed: 1 });
  await assertNothingLeft();
});

// Deno collects garbage on request only if its command line says so.
if (runtime.name !== 'deno') {
  for (const [who, begin] of Object.entries({
    serve: (server: Server, signal: AbortSignal) => serve(server, takeLater, { signal }).finished,
    drain: (server: Server, signal: AbortSignal) =>
      drain(server.on('connection', takeLater), { signal }),
  })) {
    test(`is not kept in memory by ${who} when it has closed`, async () => {
      const count = 20;
      const server = await listening(createServer());
      const stop = new AbortController();
      const over = begin(server, stop.signal);
      const alive: WeakRef<Socket>[] = [];
      server.on('connection', (socket) => void alive.push(new WeakRef(socket)));
      for (let index = 0; index < count; index += 1) {
        const { socket, ending } = await connect(server);
        await until(() => alive.length === index + 1);
        await turns(2);
        socket.destroy();
        await ending;
      }
      const collect = garbageCollector();
      const left = (): number => alive.filter((each) => each.deref() !== undefined).length;
      // The last of them may be in a register, or in a local variable of Node's.
      for (let isGone = false; !isGone; isGone = left() <= 2) {
        await sleep(100);
        collect();
      }
      const closed = once(server, 'close');
      stop.abort();
      assert.equal((await over).forced, 0);
      await closed;
    });
  }
}

test.run();
