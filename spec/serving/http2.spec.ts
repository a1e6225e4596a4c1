import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants, createServer } from 'node:http2';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { askFor, http2Servers, openSession, readAnswer } from '../support/drain-http2.ts';
import { get, saysClose } from '../support/http-messages.ts';
import { gate } from '../support/scene.ts';
import { answerPath, serveScene } from '../support/serve-scene.ts';
import { connectTls, refuses } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { turns, until, untilAborted } from '../support/turns.ts';

const test = suite('serve of HTTP/2');

for (const [name, { scheme, create }] of Object.entries(http2Servers)) {
  test(`hands requests to the handler (${name})`, async () => {
    const { server, serving, end } = await serveScene(create(), answerPath);
    const { session, closed } = await openSession(server, scheme);
    const answers = await Promise.all([askFor(session, '/a'), askFor(session, '/b')]);
    assert.deepEqual(
      answers.map(({ status, body }) => [status, body]),
      [
        [200, 'answer to /a'],
        [200, 'answer to /b'],
      ],
    );
    await until(() => serving.stats.completed === 2);
    const { stragglers } = await end();
    assert.deepEqual(stragglers, []);
    await closed;
  });

  test(`finishes the streams that are in flight, and ends the session (${name})`, async () => {
    const { opened, open: openGate } = gate();
    const { server, serving, stop, over } = await serveScene(
      create(),
      async ([, response], { draining }) => {
        response.write('first ');
        await opened;
        response.end(String(draining.reason));
      },
    );
    const { session, closed } = await openSession(server, scheme);
    const reading = askFor(session, '/');
    await until(() => serving.stats.active === 1);
    stop.abort('enough');
    await refuses(server);
    await turns(5);
    openGate();
    const { body, code } = await reading;
    assert.equal(body, 'first enough');
    assert.equal(code, constants.NGHTTP2_NO_ERROR);
    await closed;
    const { completed, stragglers } = await over();
    assert.equal(completed, 1);
    assert.deepEqual(stragglers, []);
  });

  test(`destroys at grace what is left, and lists each client once (${name})`, async () => {
    const reasons: unknown[] = [];
    const { server, serving, stop, over } = await serveScene(
      create(),
      async (_, { signal }) => {
        await once(signal, 'abort');
        reasons.push((signal.reason as Error).name);
      },
      { grace: 100 },
    );
    const { session, closed } = await openSession(server, scheme);
    const { localPort } = session.socket;
    const reading = [askFor(session, '/a'), askFor(session, '/b')];
    await until(() => serving.stats.active === 2);
    stop.abort();
    await Promise.all(reading);
    await closed;
    const { forced, abandoned, stragglers } = await over();
    assert.deepEqual({ forced, abandoned }, { forced: 2, abandoned: 0 });
    assert.deepEqual(reasons, ['TimeoutError', 'TimeoutError']);
    const [{ age, ...rest } = assert.fail()] = stragglers;
    const line = { method: 'GET', url: '/a' };
    const client = { remoteAddress: '127.0.0.1', remotePort: localPort };
    assert.deepEqual(rest, { kind: 'request', ...client, ...line });
    assert.ok(age >= 99);
    assert.equal(stragglers.length, 1);
  });
}

test('answers 500 when the handler fails before the headers, and drops its own', async () => {
  const failure = new Error('broken');
  const { server, errors, end } = await serveScene(createServer(), async (exchange) => {
    const [request, response] = exchange;
    if (request.url === '/fine') return answerPath(exchange);
    response.setHeader('set-cookie', 'a=1');
    response.statusCode = 201;
    throw failure;
  });
  const { session, closed } = await openSession(server, 'http');
  const { status, headers } = await askFor(session, '/broken');
  assert.equal(status, 500);
  assert.equal('set-cookie' in headers, false);
  assert.equal((await askFor(session, '/fine')).body, 'answer to /fine');
  assert.deepEqual(errors, [failure]);
  assert.equal((await end()).failed, 1);
  await closed;
});

test('resets the stream when the handler fails after the headers, and no other', async () => {
  const failure = new Error('broken in the middle');
  const { opened, open: openGate } = gate();
  const { server, serving, errors, end } = await serveScene(
    createServer(),
    async ([request, response]) => {
      response.write('a beginning');
      await opened;
      if (request.url === '/broken') throw failure;
      response.end(' and an end');
    },
  );
  const { session, closed } = await openSession(server, 'http');
  const reading = [askFor(session, '/broken'), askFor(session, '/fine')] as const;
  await until(() => serving.stats.active === 2);
  openGate();
  const [broken, fine] = await Promise.all(reading);
  assert.equal(broken.code, constants.NGHTTP2_INTERNAL_ERROR);
  assert.equal(fine.body, 'a beginning and an end');
  await until(() => serving.stats.completed === 1);
  assert.deepEqual(errors, [failure]);
  assert.equal((await end()).failed, 1);
  await closed;
});

test('aborts signal when the client cancels the stream', async () => {
  const reasons: unknown[] = [];
  const { server, serving, errors, end } = await serveScene(
    createServer(),
    async (_, { signal }) => {
      reasons.push(await untilAborted(signal));
      throw signal.reason;
    },
  );
  const { session, closed } = await openSession(server, 'http');
  const stream = session.request({ ':path': '/' });
  const reading = readAnswer(stream);
  await until(() => serving.stats.active === 1);
  stream.close(constants.NGHTTP2_CANCEL);
  await reading;
  await until(() => serving.stats.failed === 1);
  assert.ok(reasons[0] instanceof Error);
  assert.deepEqual(errors, []);
  await end();
  await closed;
});

test('aborts it when the connection is gone', async () => {
  const { server, serving, end } = await serveScene(createServer(), async (_, { signal }) => {
    await once(signal, 'abort');
  });
  const { session, closed } = await openSession(server, 'http');
  const reading = askFor(session, '/');
  await until(() => serving.stats.active === 1);
  session.destroy();
  await Promise.all([reading, closed]);
  await until(() => serving.stats.completed === 1);
  await end();
});

test('does not report what Node tells a handler that goes on writing to a cancelled stream', async () => {
  const { server, serving, errors, end } = await serveScene(
    createServer(),
    async ([, response]) => {
      const endless = Readable.from(
        (function* () {
          for (;;) yield Buffer.alloc(65_536);
        })(),
      );
      await pipeline(endless, response);
    },
  );
  const { session, closed } = await openSession(server, 'http');
  const stream = session.request({ ':path': '/' });
  const reading = readAnswer(stream);
  await once(stream, 'data');
  stream.close(constants.NGHTTP2_CANCEL);
  await reading;
  await until(() => serving.stats.failed === 1);
  assert.deepEqual(errors, []);
  await end();
  await closed;
});

test('answers 503 to what is too much', async () => {
  const { opened, open: openGate } = gate();
  const { server, serving, end } = await serveScene(
    createServer(),
    async (exchange) => {
      await opened;
      await answerPath(exchange);
    },
    { concurrency: 1, maxQueued: 0 },
  );
  const { session, closed } = await openSession(server, 'http');
  const first = askFor(session, '/first');
  await until(() => serving.stats.active === 1);
  const { status, headers } = await askFor(session, '/second');
  assert.equal(status, 503);
  assert.ok(Number(headers['retry-after']) > 0);
  openGate();
  assert.equal((await first).body, 'answer to /first');
  assert.equal((await end()).shed, 1);
  await closed;
});

test('ends a session at the shutdown that asks for nothing', async () => {
  const { server, stop, over } = await serveScene(createServer(), answerPath);
  const { closed } = await openSession(server, 'http');
  stop.abort();
  await closed;
  const { accepted, stragglers } = await over();
  assert.equal(accepted, 0);
  assert.deepEqual(stragglers, []);
});

test('serves HTTP/1 beside HTTP/2, and ends both', async () => {
  const { opened, open: openGate } = gate();
  const { server, serving, stop, over } = await serveScene(
    http2Servers['h2 beside HTTP/1'].create(),
    async (exchange) => {
      await opened;
      await answerPath(exchange);
    },
  );
  const { socket, ending } = await connectTls(server);
  socket.write(get('/old'));
  const { session, closed } = await openSession(server, 'https');
  const reading = askFor(session, '/new');
  await until(() => serving.stats.active === 2);
  stop.abort();
  await refuses(server);
  openGate();
  const { text } = await ending;
  assert.ok(saysClose(text));
  assert.match(text, /answer to \/old$/);
  assert.equal((await reading).body, 'answer to /new');
  await closed;
  assert.deepEqual((await over()).stragglers, []);
});

test.run();
