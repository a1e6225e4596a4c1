import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, Server as HttpServer } from 'node:http';
import { drain } from 'accept-loop';
import { countCloses } from '../support/count-closes.ts';
import { answer, becomeIdle, drainScene, held, told } from '../support/drain-scene.ts';
import { get, saysClose, upgrade } from '../support/http-messages.ts';
import { limits } from '../support/limits.ts';
import { abortListeners } from '../support/listeners.ts';
import { killPrograms, watch } from '../support/programs.ts';
import { type Client, connect, listening, refuses } from '../support/sockets.ts';
import { spawnScript } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';
import { atUnixSocket } from '../support/tls-unix-socket.ts';
import { sleep, turns, until } from '../support/turns.ts';
import { hellos, switchOver } from '../support/tunnels.ts';
import { collectWarnings } from '../support/warnings.ts';

const test = suite('the shutdown of drain of HTTP');

test.after.each(killPrograms);

for (const event of ['upgrade', 'connect'] as const) {
  test(`leaves to its owner what left HTTP by '${event}', and destroys it at grace (A44)`, async () => {
    const server = createServer(answer);
    switchOver(server, event);
    const { stop, over } = await drainScene(server, { grace: 250, idle: 0 });
    const { socket, ending } = await connect(server);
    const { localPort } = socket;
    socket.write(hellos[event]);
    await once(socket, 'data');
    stop.abort();
    await ending;
    const { duration, stragglers } = await over();
    assert.ok(duration >= 249 && duration < 1500, String(duration));
    const [{ age, ...rest } = assert.fail()] = stragglers;
    assert.deepEqual(rest, { kind: 'upgrade', remoteAddress: '127.0.0.1', remotePort: localPort });
    assert.ok(age >= 249, String(age));
  });
}

test('waits for an upgraded socket no longer than its owner (A44)', async () => {
  const server = createServer(answer);
  const taken = switchOver(server);
  const { stop, over } = await drainScene(server, { idle: 0 });
  const { socket, ending } = await connect(server);
  socket.write(upgrade('/'));
  await once(socket, 'data');
  stop.abort();
  await sleep(200);
  assert.equal(socket.readyState, 'open');
  taken[0]?.end('goodbye');
  assert.match((await ending).text, /goodbye$/);
  const { finished, duration } = await over();
  assert.equal(finished, 1);
  assert.ok(duration < 5000, String(duration));
});

test(
  'leaves to its owner what is upgraded during the shutdown (A44)',
  async () => {
    const server = createServer(answer);
    const taken = switchOver(server);
    const { stop, over } = await drainScene(server, { idle: 300 });
    const client = await connect(server);
    await becomeIdle(client);
    stop.abort();
    await refuses(server);
    client.socket.write(upgrade('/'));
    await until(() => taken.length === 1);
    await sleep(500);
    taken[0]?.end('goodbye');
    assert.match((await client.ending).text, /101 Switching[^]*goodbye$/);
    assert.equal((await over()).finished, 1);
  },
  { cannot: limits.idleAfterClose },
);

test('bears a reset on an upgraded socket to whose errors nobody listens (A45)', async () => {
  const server = createServer(answer);
  const taken = switchOver(server);
  const { stop, over } = await drainScene(server);
  const { socket } = await connect(server);
  socket.write(upgrade('/'));
  await once(socket, 'data');
  const [incoming = assert.fail()] = taken;
  incoming.resume();
  stop.abort();
  await refuses(server);
  socket.resetAndDestroy();
  assert.equal((await over()).finished, 1);
});

test("begins with somebody's own close(), and answers what is in flight (B3)", async () => {
  const { hold, responses, arrived } = held();
  const { server, over } = await drainScene(createServer(hold));
  const { socket, ending } = await connect(server);
  socket.write(get('/'));
  await arrived(1);
  server.close();
  await sleep(300);
  responses[0]?.end('whole');
  assert.match((await ending).text, /connection: close[^]*whole$/i);
  assert.equal((await over()).finished, 1);
});

test("emits 'close' once, though somebody closes the server meanwhile (A22, B3)", async () => {
  const { hold, responses, arrived } = held();
  const { server, stop, over } = await drainScene(createServer(hold));
  const { socket, ending } = await connect(server);
  socket.write(get('/'));
  await arrived(1);
  stop.abort();
  server.close();
  await refuses(server);
  const again = new Promise((resolve) => server.close(resolve));
  await told(responses[0]);
  responses[0]?.end('whole');
  assert.match((await ending).text, /connection: close[^]*whole$/i);
  assert.equal((await over()).finished, 1);
  assert.equal(((await again) as NodeJS.ErrnoException).code, 'ERR_SERVER_NOT_RUNNING');
});

test("emits 'close' once, though somebody has closed the server before (A22)", async () => {
  const { hold, responses, arrived } = held();
  let client: Client | undefined;
  const unbound = createServer(hold);
  const { drained, stop, over } = await drainScene(unbound, {
    async before() {
      client = await connect(unbound);
      client.socket.write(get('/'));
      await arrived(1);
      unbound.close();
    },
  });
  let isOver = false;
  void drained.then(() => (isOver = true));
  stop.abort();
  await turns(5);
  assert.equal(isOver, false);
  responses[0]?.end('whole');
  assert.match((await client?.ending)?.text ?? '', /whole$/);
  assert.equal((await over()).finished, 1);
});

test('leaves the server as it was: no method, no setting (A13, A57)', async () => {
  const server = createServer(answer);
  const settings = (): unknown[] => [
    server.keepAliveTimeout,
    server.headersTimeout,
    server.requestTimeout,
    server.timeout,
    server.maxRequestsPerSocket,
    server.maxConnections,
  ];
  const before = settings();
  const { stop, over } = await drainScene(server);
  const client = await connect(server);
  await becomeIdle(client);
  stop.abort();
  await refuses(server);
  for (const method of ['close', 'closeIdleConnections', 'closeAllConnections', 'emit']) {
    assert.equal(Object.hasOwn(server, method), false, method);
  }
  await client.ending;
  await over();
  assert.deepEqual(settings(), before);
});

test("closes the server by its own close(), once, be it a subclass's or the instance's", async () => {
  let closes = 0;
  class Counting extends HttpServer {
    override close(callback?: (error?: Error) => void): this {
      closes += 1;
      return super.close(callback);
    }
  }
  const instance = createServer(answer);
  const ownCloses = countCloses(instance);
  for (const [server, count] of [
    [new Counting(answer), () => closes],
    [instance, ownCloses],
  ] as const) {
    const { end } = await drainScene(server);
    await end();
    assert.equal(count(), 1);
  }
});

test('is one shutdown however often it is called: the shortest times count', async () => {
  const { server, drained, over } = await drainScene(createServer(answer), { idle: 5000 });
  const client = await connect(server);
  await becomeIdle(client);
  const other = new AbortController();
  const { signal } = new AbortController();
  const calls = [
    drain(server, { signal: other.signal, idle: 100, grace: 20_000 }),
    drain(server, { signal, idle: 8000 }),
  ];
  other.abort();
  await turns(3);
  calls.push(drain(server), drain(server, { signal }));
  await client.ending;
  const report = await drained;
  for (const call of calls) assert.equal(await call, report);
  assert.ok(report.duration < 4000, String(report.duration));
  assert.deepEqual([abortListeners(signal), abortListeners(other.signal)], [0, 0]);
  await over();
});

test('is over at once when it is called after it is over, or for a server never bound', async () => {
  const { server, end } = await drainScene(createServer(answer));
  await end();
  for (const closed of [server, createServer(answer)]) {
    const { finished, forced, duration } = await drain(closed);
    assert.deepEqual({ finished, forced }, { finished: 0, forced: 0 });
    assert.ok(duration < 1000, String(duration));
  }
});

test('follows a server that listens later', async () => {
  const { hold, responses, arrived } = held();
  const server = createServer(hold);
  const stop = new AbortController();
  const drained = drain(server, { signal: stop.signal, idle: 50 });
  await listening(server);
  const { socket, ending } = await connect(server);
  socket.write(get('/'));
  await arrived(1);
  stop.abort();
  await refuses(server);
  responses[0]?.end('whole');
  assert.match((await ending).text, /connection: close[^]*whole$/i);
  assert.equal((await drained).finished, 1);
});

test('calls off a bind that is under way (A21)', async () => {
  const server = createServer(answer);
  server.listen(0, 'localhost');
  const { finished, forced } = await drain(server, { idle: 0 });
  assert.deepEqual({ finished, forced }, { finished: 0, forced: 0 });
  await sleep(50);
  assert.equal(server.listening, false);
});

test('with grace 0 destroys everything in the very call (B16)', async () => {
  const { hold, arrived } = held();
  const { server, stop, over } = await drainScene(createServer(hold), { grace: 0 });
  const { socket, ending } = await connect(server);
  socket.write(get('/'));
  await arrived(1);
  stop.abort();
  assert.equal(server.listening, false);
  await ending;
  const { forced, duration } = await over();
  assert.equal(forced, 1);
  assert.ok(duration < 5000, String(duration));
});

test('with grace Infinity waits for the last, and tells the others (B17, B20)', async () => {
  const { hold, responses, arrived } = held();
  const { server, drained, stop, over } = await drainScene(createServer(hold), { grace: Infinity });
  const clients = [await connect(server), await connect(server), await connect(server)];
  for (const [index, { socket }] of clients.entries()) {
    socket.write(get('/'));
    await arrived(index + 1);
  }
  let isOver = false;
  void drained.then(() => (isOver = true));
  stop.abort();
  await refuses(server);
  for (const [index, { ending }] of clients.slice(1).entries()) {
    responses[index + 1]?.end('whole');
    assert.ok(saysClose((await ending).text));
  }
  await sleep(100);
  assert.equal(isOver, false);
  clients[0]?.socket.destroy();
  assert.equal((await over()).finished, 3);
});

for (const idle of [Infinity, 5000]) {
  test(
    `with idle ${idle} holds idle connections until grace at the most`,
    async () => {
      const { server, end } = await drainScene(createServer(answer), { grace: 300, idle });
      const client = await connect(server);
      await becomeIdle(client);
      const { duration, stragglers } = await end();
      await client.ending;
      assert.ok(duration >= 299 && duration < 1500, String(duration));
      assert.deepEqual(
        stragglers.map(({ kind }) => kind),
        ['connection'],
      );
    },
    { cannot: limits.idleAfterClose },
  );
}

test('counts grace from the beginning, not from the end of the last call (A48)', async () => {
  const { hold, arrived } = held();
  const { server, stop, over } = await drainScene(createServer(hold), { grace: 300 });
  const { socket, ending } = await connect(server);
  socket.write(get('/'));
  await arrived(1);
  const begun = performance.now();
  stop.abort();
  await ending;
  const elapsed = performance.now() - begun;
  assert.ok(elapsed >= 299 && elapsed < 1000, String(elapsed));
  assert.equal((await over()).forced, 1);
});

test(
  'counts and serves everybody who is accepted in the last call (A52)',
  async () => {
    const { server, stop, over } = await drainScene(createServer(answer));
    const clients = await Promise.all(Array.from({ length: 20 }, () => connect(server)));
    stop.abort();
    await refuses(server);
    for (const { socket } of clients) socket.write(get('/'));
    for (const { ending } of clients) {
      assert.match((await ending).text, /connection: close[^]*answer to \/$/i);
    }
    assert.equal((await over()).finished, 20);
  },
  { cannot: [limits.exactLastCall, limits.httpNewcomers] },
);

test('drains a server on a Unix socket, and knows its clients apart (A58)', async () => {
  await atUnixSocket(async (path) => {
    const { hold, responses, arrived } = held();
    const { stop, over } = await drainScene(createServer(hold), { path, grace: 400 });
    const clients = [await connect(path), await connect(path), await connect(path)];
    for (const { socket } of clients) socket.write(get('/'));
    await arrived(3);
    stop.abort();
    await told(responses[2]);
    for (const response of responses.slice(1)) response.end('whole');
    const answers = await Promise.all(clients.map(({ ending }) => ending));
    assert.equal(answers.filter(({ text }) => saysClose(text) && text.endsWith('whole')).length, 2);
    const { finished, stragglers } = await over();
    assert.equal(finished, 2);
    const [{ kind, remoteAddress } = assert.fail()] = stragglers;
    assert.deepEqual([kind, remoteAddress || undefined], ['request', undefined]);
  });
});

test('warns of nothing with 12 servers on one signal (A15)', async () => {
  const { warnings, stopCollecting } = collectWarnings();
  const servers = Array.from({ length: 12 }, () => createServer(answer));
  for (const server of servers) await listening(server);
  const stop = new AbortController();
  const drained = servers.map((server) => drain(server, { signal: stop.signal, idle: 50 }));
  stop.abort();
  await Promise.all(drained);
  await turns(2);
  stopCollecting();
  assert.deepEqual(warnings, []);
  assert.equal(abortListeners(stop.signal), 0);
  assert.equal(
    servers.some(({ listening: isListening }) => isListening),
    false,
  );
});

/** A process has to start. */
const starting = { timeout: 40_000 };

test(
  'lets the process exit right after a quick shutdown with a long grace (A53)',
  async () => {
    const program = watch(spawnScript('spec/fixtures/drained-http-server.ts', { args: ['quick'] }));
    await program.printed(/finished 1/);
    const begun = performance.now();
    const { code, stderr } = await program.ending;
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    assert.ok(performance.now() - begun < 20_000);
  },
  starting,
);

test(
  'holds no process open before it begins (A53)',
  async () => {
    const program = watch(
      spawnScript('spec/fixtures/drained-http-server.ts', { args: ['waiting'] }),
    );
    const { code, stdout, stderr } = await program.ending;
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'waiting\n', stderr: '' });
  },
  starting,
);

test(
  "leaves an error of the bind to the server's owner, or to nobody (A10)",
  async () => {
    const program = watch(spawnScript('spec/fixtures/drained-http-server.ts', { args: ['taken'] }));
    const { code, stderr } = await program.ending;
    assert.notEqual(code, 0);
    // The second is Bun's.
    assert.match(stderr, /EADDRINUSE|port \d+ in use/);
  },
  starting,
);

test.run();
