import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { constants, createServer } from 'node:http2';
import type { Http2ServerResponse, ServerHttp2Stream } from 'node:http2';
import type { Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { drain } from 'accept-loop';
import {
  askFor,
  http2Drain,
  http2Servers,
  openSession,
  readAnswer,
} from '../support/drain-http2.ts';
import { ANY_STREAM, idleClient } from '../support/http2-frames.ts';
import { get, saysClose } from '../support/http-messages.ts';
import { limits } from '../support/limits.ts';
import { countsOf } from '../support/report.ts';
import { gate } from '../support/scene.ts';
import { connect, connectTls, listening, refuses } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { turns, until } from '../support/turns.ts';

const test = suite('drain of HTTP/2');

/** Waits until a shutdown has begun: who closes the server is noticed after a while. */
function drainBegins(): Promise<void> {
  return new Promise((resolve) => {
    const onDrain = (): void => {
      unsubscribe('accept-loop:drain', onDrain);
      resolve();
    };
    subscribe('accept-loop:drain', onDrain);
  });
}

for (const [name, { scheme, create }] of Object.entries(http2Servers)) {
  test(`finishes every stream that was begun (${name}) (A41, B14)`, async () => {
    const length = 2 ** 20;
    const { opened, open } = gate();
    let begun = 0;
    const { server, stop, over } = await http2Drain(create(), async (request, response) => {
      begun += 1;
      if (request.method === 'POST') {
        response.end(String((await text(request)).length));
        return;
      }
      if (request.url === '/streams') response.write('a'.repeat(length));
      await opened;
      if (request.url === '/empty') response.writeHead(204).end();
      else response.end('b'.repeat(length));
    });
    const { session, closed } = await openSession(server, scheme);
    const streams = ['/streams', '/waits', '/empty'].map((path) =>
      session.request({ ':path': path }),
    );
    const upload = session.request({ ':path': '/upload', ':method': 'POST' });
    upload.write('c'.repeat(length));
    const reading = Promise.all([...streams, upload].map((stream) => readAnswer(stream)));
    await until(() => begun === 4);
    stop.abort();
    await refuses(server);
    await turns(5);
    upload.end('c'.repeat(length));
    open();
    const answers = await reading;
    assert.deepEqual(
      answers.map(({ status, code, body }) => [status, code, body.length]),
      [
        [200, 0, 2 * length],
        [200, 0, length],
        [204, 0, 0],
        [200, 0, String(2 * length).length],
      ],
    );
    assert.equal(answers[3]?.body, String(2 * length));
    await closed;
    assert.deepEqual(countsOf(await over()), [1, 0]);
  });

  test(`loses no answer without a body (${name}) (A43)`, async () => {
    const { opened, open } = gate();
    const responses: Http2ServerResponse[] = [];
    const { server, stop, over } = await http2Drain(create(), async (_, response) => {
      responses.push(response);
      await opened;
      response.end();
    });
    const clients = await Promise.all([1, 2, 3].map(() => openSession(server, scheme)));
    const reading = clients.map(({ session }) => askFor(session));
    await until(() => responses.length === 3);
    stop.abort();
    open();
    for (const { status, code } of await Promise.all(reading)) {
      assert.deepEqual([status, code], [200, 0]);
    }
    await Promise.all(clients.map(({ closed }) => closed));
    assert.deepEqual(countsOf(await over()), [3, 0]);
  });

  test(`destroys at grace a session whose stream never ends (${name}) (A40, B15)`, async () => {
    let begun = 0;
    const { server, stop, over } = await http2Drain(
      create(),
      (_, response) => {
        response.write('a beginning');
        begun += 1;
      },
      { grace: 200 },
    );
    const { session, closed } = await openSession(server, scheme);
    const { localPort } = session.socket;
    const reading = [session.request({ ':path': '/a' }), session.request({ ':path': '/b' })].map(
      (stream) => readAnswer(stream),
    );
    await until(() => begun === 2);
    stop.abort();
    for (const { body } of await Promise.all(reading)) assert.equal(body, 'a beginning');
    await closed;
    const { stragglers, duration, ...report } = await over();
    assert.deepEqual(countsOf(report), [0, 1]);
    const [{ age, ...straggler } = assert.fail()] = stragglers;
    assert.deepEqual(straggler, {
      kind: 'request',
      remoteAddress: '127.0.0.1',
      remotePort: localPort,
      method: 'GET',
      url: '/a',
    });
    assert.ok(age >= 199 && duration >= 199 && duration < 450, `${age} ${duration}`);
  });

  test(`does not wait for a stream that its client has reset (${name}) (A30)`, async () => {
    let begun = 0;
    const { server, stop, over } = await http2Drain(create(), (_, response) => {
      response.write('a beginning');
      begun += 1;
    });
    const { session, closed } = await openSession(server, scheme);
    const stream = session.request({ ':path': '/' });
    const reading = readAnswer(stream);
    await until(() => begun === 1);
    stop.abort();
    await refuses(server);
    stream.close(constants.NGHTTP2_CANCEL);
    await reading;
    await closed;
    assert.deepEqual(countsOf(await over()), [1, 0]);
  });

  test(`leaves a server alone on which only streams are listened to (${name}) (A42)`, async () => {
    const unbound = create();
    const added: unknown[] = [];
    unbound.on('newListener', (event) => added.push(event));
    unbound.on('stream', (stream: ServerHttp2Stream) => {
      stream.respond({ ':status': 200 });
      stream.end('from the stream');
    });
    const { server, stop, over } = await http2Drain(unbound);
    const client = await idleClient(server, scheme);
    stop.abort();
    await refuses(server);
    client.request(3, '/again');
    await client.closed;
    assert.deepEqual([client.bodyOf(1), client.bodyOf(3)], ['from the stream', 'from the stream']);
    assert.deepEqual(client.goaways, [ANY_STREAM, 3]);
    assert.equal(server.listenerCount('request'), 0);
    assert.equal(added.includes('request'), false);
    assert.deepEqual(countsOf(await over()), [1, 0]);
  });

  test(`knows a session that was there before from its next stream (${name}) (A39)`, async () => {
    const unbound = create().on('request', (_: unknown, response: Http2ServerResponse) => {
      response.end('answer');
    });
    const server: Server = await listening(unbound as Server);
    const { session, closed } = await openSession(server, scheme);
    const stop = new AbortController();
    const drained = drain(server, { signal: stop.signal, idle: 0 });
    assert.equal((await askFor(session)).body, 'answer');
    stop.abort();
    await closed;
    const { duration, ...report } = await drained;
    assert.deepEqual(countsOf(report), [1, 0]);
    assert.ok(duration < 1000, String(duration));
  });

  test(
    `ends an idle session that was there before (${name}) (A39)`,
    async () => {
      const server: Server = await listening(create() as Server);
      const { closed } = await openSession(server, scheme);
      const { duration, ...report } = await drain(server, { idle: 0, grace: 5000 });
      await closed;
      assert.deepEqual(countsOf(report), [1, 0]);
      assert.ok(duration < 1000, String(duration));
    },
    name === 'h2c' ? { cannot: limits.earlierSessions } : {},
  );

  test(`gives every caller the same report (${name}) (B4)`, async () => {
    const { server, stop, drained, over } = await http2Drain(create(), (_, response) => {
      response.end('answer');
    });
    const { closed } = await openSession(server, scheme);
    const again = drain(server);
    const third = drain(server, stop.signal);
    await closed;
    assert.equal(await again, await drained);
    assert.equal(await third, await drained);
    assert.deepEqual(countsOf(await over()), [1, 0]);
  });

  test(`begins when somebody closes the server (${name}) (A5)`, async () => {
    const { opened, open } = gate();
    let begun = 0;
    const { server, over } = await http2Drain(create(), async (_, response) => {
      begun += 1;
      await opened;
      response.end('late');
    });
    const { session, closed } = await openSession(server, scheme);
    const reading = askFor(session);
    await until(() => begun === 1);
    const begins = drainBegins();
    server.close();
    await begins;
    open();
    assert.equal((await reading).body, 'late');
    await closed;
    assert.deepEqual(countsOf(await over()), [1, 0]);
  });
}

test('answers HTTP/1 clients of the same server with close, and ends the idle ones (A28, A35)', async () => {
  const { opened, open } = gate();
  const begun: string[] = [];
  const { create } = http2Servers['h2 beside HTTP/1'] ?? assert.fail();
  const { server, stop, over } = await http2Drain(
    create(),
    async (request, response) => {
      begun.push(request.url);
      if (request.url.startsWith('/waits')) await opened;
      response.end(`answer to ${request.url}`);
    },
    { idle: 600 },
  );
  const busy = await connectTls(server);
  const kept = await connectTls(server);
  const idle = await connectTls(server);
  kept.socket.write(get('/kept'));
  idle.socket.write(get('/idle'));
  await Promise.all(
    [kept, idle].map(({ socket }) => new Promise((resolve) => socket.once('data', resolve))),
  );
  busy.socket.write(get('/waits/1'));
  const { session, closed } = await openSession(server, 'https');
  const reading = askFor(session, '/waits/2');
  await until(() => begun.length === 4);
  stop.abort();
  await refuses(server);
  kept.socket.write(get('/again'));
  const again = await kept.ending;
  assert.match(again.text, /answer to \/kept.*answer to \/again$/s);
  assert.deepEqual(again.text.split(/(?=HTTP\/1\.1 )/).map(saysClose), [false, true]);
  const { text: idleText, by } = await idle.ending;
  assert.deepEqual([saysClose(idleText), by], [false, 'end']);
  open();
  const { text: busyText } = await busy.ending;
  assert.ok(saysClose(busyText));
  assert.match(busyText, /answer to \/waits\/1$/);
  const { body, headers } = await reading;
  assert.equal(body, 'answer to /waits/2');
  assert.equal('connection' in headers, false);
  await closed;
  assert.deepEqual(countsOf(await over()), [4, 0]);
});

for (const [name, { scheme, create }] of Object.entries(http2Servers)) {
  if (scheme === 'http') continue;
  test(`destroys at grace a client that never speaks TLS (${name}) (A46, B47)`, async () => {
    const { server, stop, over } = await http2Drain(
      create(),
      (_, response) => void response.end('answer'),
      { idle: 0, grace: 300 },
    );
    const { socket, ending } = await connect(server);
    const { localPort } = socket;
    const client = await idleClient(server, scheme);
    stop.abort();
    await client.closed;
    await ending;
    const { stragglers, ...report } = await over();
    assert.deepEqual(countsOf({ ...report }), [1, 1]);
    const [{ age: _age, ...straggler } = assert.fail()] = stragglers;
    assert.deepEqual(straggler, {
      kind: 'handshake',
      remoteAddress: '127.0.0.1',
      remotePort: localPort,
    });
  });
}

test('ends one that has connected and says nothing (A34)', async () => {
  const { server, stop, over } = await http2Drain(
    createServer(),
    (_, response) => void response.end('answer'),
    { idle: 0 },
  );
  const { ending } = await connect(server);
  await turns(5);
  stop.abort();
  await ending;
  const { duration, ...report } = await over();
  assert.deepEqual(countsOf(report), [1, 0]);
  assert.ok(duration >= 99 && duration < 1000, String(duration));
});

test('sends a file whole', async () => {
  const file = new URL(import.meta.url);
  const unbound = createServer().on('stream', (stream: ServerHttp2Stream) => {
    stream.respondWithFile(file.pathname);
  });
  const { server, stop, sessions, over } = await http2Drain(unbound, undefined, { idle: 50 });
  const { session, closed } = await openSession(server, 'http');
  const stream = session.request({ ':path': '/' });
  const reading = readAnswer(stream);
  await until(() => sessions.length === 1);
  stop.abort();
  const { body, code } = await reading;
  assert.equal(code, 0);
  assert.equal(body, readFileSync(file, 'utf8'));
  await closed;
  assert.deepEqual(countsOf(await over()), [1, 0]);
});

test.run();
