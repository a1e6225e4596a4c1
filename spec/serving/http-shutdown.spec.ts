import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { answersIn, expecting, get, post, saysClose, upgrade } from '../support/http-messages.ts';
import { becomeIdle } from '../support/drain-scene.ts';
import { limits } from '../support/limits.ts';
import { gate } from '../support/scene.ts';
import { answerPath, serveScene } from '../support/serve-scene.ts';
import { connect, connectAccepted, refuses } from '../support/sockets.ts';
import { runtime } from '../support/runtime.ts';
import { suite } from '../support/suite.ts';
import { sleep, turns, until } from '../support/turns.ts';
import { switchOver } from '../support/tunnels.ts';
import { collectWarnings } from '../support/warnings.ts';

const test = suite('the shutdown of serve of HTTP');

test('answers what is in flight with Connection: close, and waits for it', async () => {
  const { opened, open } = gate();
  let isOver = false;
  const { server, serving, stop, over } = await serveScene(
    createServer(),
    async (exchange, { draining }) => {
      await opened;
      assert.equal(draining.reason, 'enough');
      await answerPath(exchange);
    },
  );
  const { socket, ending } = await connect(server);
  socket.write(get('/'));
  await until(() => serving.stats.active === 1);
  stop.abort('enough');
  void serving.finished.then(() => (isOver = true));
  await refuses(server);
  await turns(5);
  assert.equal(isOver, false);
  open();
  const { text, by } = await ending;
  assert.ok(saysClose(text));
  assert.match(text, /answer to \/$/);
  assert.equal(by, 'end');
  const { completed, stragglers } = await over();
  assert.equal(completed, 1);
  assert.deepEqual(stragglers, []);
});

test('answers all that was pipelined, and says close in the last answer alone (A32)', async () => {
  const { opened, open } = gate();
  const { server, serving, stop, over } = await serveScene(createServer(), async (exchange) => {
    await opened;
    await answerPath(exchange);
  });
  const { socket, ending } = await connect(server);
  socket.write(get('/1') + get('/2') + get('/3'));
  await until(() => serving.stats.active === 3);
  stop.abort();
  await refuses(server);
  open();
  const answers = answersIn((await ending).text);
  assert.deepEqual(answers.map(saysClose), [false, false, true]);
  for (const [index, text] of answers.entries()) {
    assert.ok(text.endsWith(`answer to /${index + 1}`));
  }
  assert.equal((await over()).completed, 3);
});

test('answers one more request of an idle connection, with Connection: close', async () => {
  // There the listener closes when idle is over, not before.
  const idle = runtime.name === 'bun' ? 300 : 5000;
  const { server, stop, over } = await serveScene(createServer(), answerPath, { idle });
  const client = await connect(server);
  await becomeIdle(client, '/1');
  const begun = performance.now();
  stop.abort();
  if (runtime.name !== 'bun') await refuses(server);
  await turns(5);
  client.socket.write(get('/2'));
  const [first = '', second = ''] = answersIn((await client.ending).text);
  assert.equal(saysClose(first), false);
  assert.ok(saysClose(second));
  assert.match(second, /answer to \/2$/);
  const { accepted, completed, stragglers } = await over();
  assert.deepEqual(
    { accepted, completed, stragglers },
    { accepted: 2, completed: 2, stragglers: [] },
  );
  assert.ok(performance.now() - begun < 4000, 'the rest of the idle time is not waited for');
});

test('ends an idle connection that has no more to say when idle is over', async () => {
  const { server, stop, over } = await serveScene(createServer(), answerPath, { idle: 200 });
  const client = await connect(server);
  await becomeIdle(client, '/');
  const begun = performance.now();
  stop.abort();
  const { by } = await client.ending;
  const elapsed = performance.now() - begun;
  assert.equal(by, 'end');
  assert.ok(elapsed >= 199 && elapsed < 3000, String(elapsed));
  assert.deepEqual((await over()).stragglers, []);
});

test('ends it at once with idle: 0', async () => {
  const { server, stop, over } = await serveScene(createServer(), answerPath, { idle: 0 });
  const client = await connect(server);
  await becomeIdle(client, '/');
  const begun = performance.now();
  stop.abort();
  await client.ending;
  await over();
  assert.ok(performance.now() - begun < 800);
});

test(
  'gives a connection that never sent a byte a tenth of a second, with idle: 0 too',
  async () => {
    const { server, stop, over } = await serveScene(createServer(), answerPath, { idle: 0 });
    const speaker = await connectAccepted(server);
    const silent = await connectAccepted(server);
    const begun = performance.now();
    stop.abort();
    await refuses(server);
    speaker.socket.write(get('/'));
    assert.match((await speaker.ending).text, /answer to \//);
    await silent.ending;
    assert.ok(performance.now() - begun >= 99);
    const { accepted: count, stragglers } = await over();
    assert.equal(count, 1);
    assert.deepEqual(stragglers, []);
  },
  { cannot: limits.httpNewcomers },
);

test(
  'lets a connection that becomes idle later have its idle time from then on',
  async () => {
    const { opened, open } = gate();
    const { server, stop, over } = await serveScene(
      createServer(),
      async ([request, response]) => {
        const isFirst = request.url === '/1';
        response.writeHead(200, { 'content-length': isFirst ? 5 : 6 });
        response.flushHeaders();
        if (isFirst) await opened;
        response.end(isFirst ? 'first' : 'second');
      },
      { idle: 300 },
    );
    const client = await connect(server);
    client.socket.write(get('/1'));
    await once(client.socket, 'data');
    stop.abort();
    await sleep(400);
    open();
    await once(client.socket, 'data');
    await sleep(100);
    client.socket.write(get('/2'));
    const [first = '', second = ''] = answersIn((await client.ending).text);
    assert.match(first, /first$/);
    assert.ok(saysClose(second));
    assert.match(second, /second$/);
    assert.equal((await over()).completed, 2);
  },
  { cannot: limits.requestAfterClose },
);

test(
  'lets half a head be finished, though idle is over, and answers it',
  async () => {
    const { server, stop, over } = await serveScene(createServer(), answerPath, { idle: 20 });
    const { socket, ending } = await connect(server);
    socket.write('GET /half HTTP/1.1\r\nHo');
    await turns(5);
    stop.abort();
    await sleep(250);
    socket.write('st: localhost\r\n\r\n');
    const { text } = await ending;
    assert.ok(saysClose(text));
    assert.match(text, /answer to \/half$/);
    const { completed, stragglers } = await over();
    assert.equal(completed, 1);
    assert.deepEqual(stragglers, []);
  },
  { cannot: limits.httpNewcomers },
);

test(
  "answers half a head 408 when the server's headersTimeout is over",
  async () => {
    const server = createServer();
    server.headersTimeout = 300;
    const { stop, over } = await serveScene(server, answerPath, { idle: 0 });
    const { socket, ending } = await connect(server);
    socket.write('GET /half HTTP/1.1\r\nHo');
    const { localPort } = socket;
    await turns(5);
    const begun = performance.now();
    stop.abort();
    const { text } = await ending;
    const elapsed = performance.now() - begun;
    assert.match(text, /^HTTP\/1\.1 408 /);
    assert.ok(saysClose(text));
    assert.ok(elapsed >= 299 && elapsed < 3000, String(elapsed));
    const { accepted, stragglers } = await over();
    assert.equal(accepted, 0);
    const [{ kind, remotePort, age } = assert.fail()] = stragglers;
    assert.deepEqual({ kind, remotePort }, { kind: 'request', remotePort: localPort });
    assert.ok(age >= 299, String(age));
    assert.equal(stragglers.length, 1);
  },
  { cannot: limits.httpNewcomers },
);

test('destroys at grace what is in flight, and lists it', async () => {
  const { server, serving, stop, over } = await serveScene(
    createServer(),
    async (_, { signal }) => {
      await once(signal, 'abort');
      assert.equal((signal.reason as Error).name, 'TimeoutError');
    },
    { grace: 150 },
  );
  const { socket, ending } = await connect(server);
  const { localPort } = socket;
  socket.write(get('/'));
  await until(() => serving.stats.active === 1);
  const begun = performance.now();
  stop.abort();
  assert.equal((await ending).text, '');
  const { forced, abandoned, stragglers } = await over();
  const elapsed = performance.now() - begun;
  assert.ok(elapsed >= 149 && elapsed < 1500, String(elapsed));
  assert.deepEqual({ forced, abandoned }, { forced: 1, abandoned: 0 });
  const [{ age, ...rest } = assert.fail()] = stragglers;
  const line = { method: 'GET', url: '/' };
  const client = { remoteAddress: '127.0.0.1', remotePort: localPort };
  assert.deepEqual(rest, { kind: 'request', ...client, ...line });
  assert.ok(age >= 149 && age < 3000, String(age));
  assert.equal(stragglers.length, 1);
});

test('is over a moment after grace, whatever a handler does', async () => {
  const { server, serving, stop, over } = await serveScene(
    createServer(),
    () => new Promise(() => {}),
    { grace: 50 },
  );
  const { socket, ending } = await connect(server);
  socket.write(get('/'));
  await until(() => serving.stats.active === 1);
  stop.abort();
  await ending;
  const { forced, abandoned } = await over();
  assert.deepEqual({ forced, abandoned }, { forced: 1, abandoned: 1 });
});

test('destroys at grace what was upgraded, and lists it', async () => {
  const server = createServer();
  switchOver(server);
  const { stop, over } = await serveScene(server, answerPath, { grace: 150, idle: 0 });
  const { socket, ending } = await connect(server);
  const { localPort } = socket;
  socket.write(upgrade('/'));
  await once(socket, 'data');
  const begun = performance.now();
  stop.abort();
  await ending;
  assert.ok(performance.now() - begun >= 149);
  const { accepted, stragglers } = await over();
  assert.equal(accepted, 0);
  const [{ age, ...rest } = assert.fail()] = stragglers;
  assert.deepEqual(rest, { kind: 'upgrade', remoteAddress: '127.0.0.1', remotePort: localPort });
  assert.ok(age >= 149);
  assert.equal(stragglers.length, 1);
});

test('waits for what was upgraded until its owner has ended it', async () => {
  const server = createServer();
  const upgraded = switchOver(server);
  const { stop, over } = await serveScene(server, answerPath, { idle: 0 });
  const { socket, ending } = await connect(server);
  socket.write(upgrade('/'));
  await once(socket, 'data');
  stop.abort();
  await sleep(200);
  upgraded[0]?.end('goodbye');
  assert.match((await ending).text, /goodbye$/);
  assert.deepEqual((await over()).stragglers, []);
});

test(
  'destroys at grace half a head, and lists it',
  async () => {
    const { server, stop, over } = await serveScene(createServer(), answerPath, {
      grace: 200,
      idle: 0,
    });
    const { socket, ending } = await connect(server);
    const { localPort } = socket;
    socket.write('GET /half HTTP/1.1\r\nHo');
    await turns(5);
    stop.abort();
    assert.equal((await ending).text, '');
    const { accepted, stragglers } = await over();
    assert.equal(accepted, 0);
    const kinds = stragglers.map(({ kind, remotePort }) => [kind, remotePort]);
    assert.deepEqual(kinds, [['request', localPort]]);
  },
  { cannot: limits.httpNewcomers },
);

test('is not held by a request behind a response that has announced close', async () => {
  const { server, serving, end } = await serveScene(createServer(), async ([request, response]) => {
    if (request.url === '/1') response.setHeader('connection', 'close');
    await turns(3);
    response.end(request.url);
  });
  const { socket, ending } = await connect(server);
  socket.write(get('/1') + get('/2'));
  assert.match((await ending).text, /\/1$/);
  await until(() => serving.stats.active === 0);
  const { accepted, forced } = await end();
  assert.ok(accepted >= 1);
  assert.equal(forced, 0);
});

test(
  'ends a connection whose upload was answered early once the upload has arrived',
  async () => {
    const { server, serving, stop, over } = await serveScene(createServer(), answerPath, {
      idle: 0,
    });
    const { socket, ending } = await connect(server);
    socket.write(post('/', 10) + 'half ');
    await until(() => serving.stats.completed === 1);
    stop.abort();
    await sleep(200);
    assert.equal(socket.readyState, 'open');
    socket.write('whole');
    assert.match((await ending).text, /answer to \//);
    assert.deepEqual((await over()).stragglers, []);
  },
  { cannot: limits.endOfEarlyAnsweredUpload },
);

test('says close to a client whose upload is still arriving, and waits for it', async () => {
  const { server, serving, stop, over } = await serveScene(
    createServer(),
    async ([request, response]) => {
      let body = '';
      for await (const chunk of request as AsyncIterable<Buffer>) body += String(chunk);
      response.end(body);
    },
  );
  const { socket, ending } = await connect(server);
  socket.write(post('/', 10) + 'half ');
  await until(() => serving.stats.active === 1);
  stop.abort();
  await refuses(server);
  socket.write('whole');
  const { text } = await ending;
  assert.ok(saysClose(text));
  assert.match(text, /half whole$/);
  assert.equal((await over()).completed, 1);
});

test('answers 503 at grace to what waits for a slot', async () => {
  const { server, serving, stop, over } = await serveScene(
    createServer(),
    () => new Promise(() => {}),
    { grace: 50, concurrency: 1 },
  );
  const [running, waiting] = [await connect(server), await connect(server)];
  for (const [index, { socket }] of [running, waiting].entries()) {
    socket.write(get('/'));
    await until(() => serving.stats.accepted === index + 1);
  }
  stop.abort();
  assert.equal((await running.ending).text, '');
  assert.match((await waiting.ending).text, /^HTTP\/1\.1 503 /);
  const { forced, discarded, stragglers } = await over();
  assert.deepEqual({ forced, discarded }, { forced: 1, discarded: 1 });
  assert.equal(stragglers.length, 2);
});

test("begins with somebody's own close()", async () => {
  const { server, serving, over } = await serveScene(
    createServer(),
    async (exchange, { draining }) => {
      await once(draining, 'abort');
      await answerPath(exchange);
    },
  );
  const { socket, ending } = await connect(server);
  socket.write(get('/'));
  await until(() => serving.stats.active === 1);
  server.close();
  assert.ok(saysClose((await ending).text));
  assert.equal((await over()).completed, 1);
});

test("knows the requests that the user's own listener for checkContinue answers", async () => {
  const server = createServer();
  const { opened, open } = gate();
  server.headersTimeout = 50;
  server.on('checkContinue', (_, response: ServerResponse) => {
    void opened.then(() => response.end('no need'));
  });
  const { stop, over } = await serveScene(server, answerPath, { idle: 0 });
  const { socket, ending } = await connect(server);
  const heard = once(server, 'checkContinue');
  socket.write(expecting(get('/')));
  await heard;
  stop.abort();
  await sleep(200);
  open();
  const { text } = await ending;
  assert.ok(saysClose(text));
  assert.match(text, /^HTTP\/1\.1 200 [^]*no need/);
  const { accepted, stragglers } = await over();
  assert.equal(accepted, 0);
  assert.deepEqual(stragglers, []);
});

test('counts those once that such a listener passes on', async () => {
  const server = createServer();
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    response.writeContinue();
    server.emit('request', request, response);
  });
  const { stop, over } = await serveScene(server, answerPath);
  const { socket, ending } = await connect(server);
  const heard = once(server, 'checkContinue');
  socket.write(expecting(get('/')));
  await heard;
  stop.abort();
  assert.match((await ending).text, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 [^]*answer to/);
  assert.equal((await over()).completed, 1);
});

test('warns of nothing when a client pipelines fifty requests', async () => {
  const { warnings, stopCollecting } = collectWarnings();
  const { opened, open } = gate();
  const { server, serving, stop, over } = await serveScene(
    createServer(),
    async (exchange, { signal }) => {
      await opened;
      if (!signal.aborted) await answerPath(exchange);
    },
  );
  const { socket, ending } = await connect(server);
  socket.write(get('/').repeat(50));
  await until(() => serving.stats.active === 50);
  stop.abort();
  await refuses(server);
  open();
  const answers = answersIn((await ending).text);
  assert.equal(answers.length, 50);
  assert.equal(answers.findIndex(saysClose), 49);
  assert.equal((await over()).completed, 50);
  await turns(2);
  stopCollecting();
  assert.deepEqual(warnings, []);
});

test.run();
