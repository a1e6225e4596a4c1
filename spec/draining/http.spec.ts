import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { FIRST_REQUEST_MS } from '../../lib/bounds.ts';
import { answer, becomeIdle, drainScene, held, told } from '../support/drain-scene.ts';
import { answersIn, expecting, get, post, saysClose } from '../support/http-messages.ts';
import { limits } from '../support/limits.ts';
import { drain } from 'accept-loop';
import { connect, connectAccepted, portOf, refused, refuses } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { sleep, turns } from '../support/turns.ts';

const test = suite('drain of HTTP');

test('answers what is in flight with Connection: close, and waits for it (A28, B14)', async () => {
  const { hold, responses, arrived } = held();
  const { server, drained, stop, over } = await drainScene(createServer(hold));
  const port = portOf(server);
  const { socket, ending } = await connect(server);
  socket.write(get('/'));
  await arrived(1);
  let isOver = false;
  void drained.then(() => (isOver = true));
  stop.abort();
  await refuses(server);
  assert.equal(await refused(port), 'ECONNREFUSED');
  await turns(5);
  assert.equal(isOver, false);
  responses[0]?.end('whole');
  const { text, by } = await ending;
  assert.ok(saysClose(text));
  assert.match(text, /whole$/);
  assert.equal(by, 'end');
  const { finished, forced, duration } = await over();
  assert.deepEqual({ finished, forced }, { finished: 1, forced: 0 });
  assert.ok(duration < 5000, 'grace is not waited for');
});

test(
  'answers one more request of an idle connection, with Connection: close (A31, A35, B23)',
  async () => {
    const { server, stop, over } = await drainScene(createServer(answer), { idle: 5000 });
    const client = await connect(server);
    await becomeIdle(client, '/1');
    stop.abort();
    await refuses(server);
    await turns(5);
    client.socket.write(get('/2'));
    const [first = '', second = ''] = answersIn((await client.ending).text);
    assert.equal(saysClose(first), false);
    assert.ok(saysClose(second));
    assert.match(second, /answer to \/2$/);
    const { finished, duration } = await over();
    assert.equal(finished, 1);
    assert.ok(duration < 4000, 'the rest of the idle time is not waited for');
  },
  { cannot: limits.idleAfterClose },
);

test('does so wherever the listener is closed after the idle time (B23)', async () => {
  const { server, stop, over } = await drainScene(createServer(answer), { idle: 2000 });
  const clients = [await connect(server), await connect(server), await connect(server)];
  for (const client of clients) await becomeIdle(client);
  stop.abort();
  for (const { socket, ending } of clients) {
    await sleep(150);
    socket.write(get('/late'));
    const [, second = ''] = answersIn((await ending).text);
    assert.ok(saysClose(second));
    assert.match(second, /answer to \/late$/);
  }
  assert.equal((await over()).finished, 3);
});

for (const idle of [0, 200]) {
  test(
    `ends an idle connection that has no more to say after ${idle} ms of idle (B22)`,
    async () => {
      const { server, end } = await drainScene(createServer(answer), { idle });
      const client = await connect(server);
      await becomeIdle(client);
      const { finished, duration } = await end();
      assert.equal((await client.ending).by, 'end');
      assert.equal(finished, 1);
      assert.ok(duration >= idle - 1 && duration < idle + 1500, String(duration));
    },
    { cannot: limits.idleAfterClose },
  );
}

test('ends a stream that had begun the idle time after its end, not at grace (A28, A29)', async () => {
  const { hold, responses, arrived } = held();
  const { server, stop, over } = await drainScene(createServer(hold), { idle: 100 });
  const { socket, ending } = await connect(server);
  socket.write(get('/'));
  await arrived(1);
  const [response = assert.fail()] = responses;
  response.writeHead(200, { 'content-length': 8 });
  response.write('half');
  await once(socket, 'data');
  stop.abort();
  await sleep(250);
  assert.equal(socket.readyState, 'open');
  const ended = performance.now();
  response.end('more');
  const { text } = await ending;
  const elapsed = performance.now() - ended;
  assert.equal(saysClose(text), false);
  assert.match(text, /halfmore$/);
  assert.equal((await over()).finished, 1);
  assert.ok(elapsed < 2000, String(elapsed));
});

test(
  'counts the idle time from the end of the last response (A29)',
  async () => {
    const { hold, responses, arrived } = held();
    const { server, stop, over } = await drainScene(createServer(hold), { idle: 300 });
    const { socket, ending } = await connect(server);
    socket.write(get('/1'));
    await arrived(1);
    responses[0]?.writeHead(200, { 'content-length': 5 }).flushHeaders();
    await once(socket, 'data');
    stop.abort();
    await sleep(400);
    responses[0]?.end('first');
    await once(socket, 'data');
    await sleep(150);
    socket.write(get('/2'));
    await arrived(2);
    responses[1]?.end('second');
    const [first = '', second = ''] = answersIn((await ending).text);
    assert.match(first, /first$/);
    assert.ok(saysClose(second));
    assert.match(second, /second$/);
    assert.equal((await over()).finished, 1);
  },
  { cannot: limits.requestAfterClose },
);

test('answers all that was pipelined, and says close in the last answer alone (A32)', async () => {
  const { hold, responses, arrived } = held();
  const { server, stop, over } = await drainScene(createServer(hold));
  const { socket, ending } = await connect(server);
  socket.write(get('/1') + get('/2') + get('/3'));
  await arrived(3);
  stop.abort();
  await refuses(server);
  for (const [index, response] of responses.entries()) response.end(`answer ${index}`);
  const answers = answersIn((await ending).text);
  assert.deepEqual(answers.map(saysClose), [false, false, true]);
  for (const [index, text] of answers.entries()) assert.ok(text.endsWith(`answer ${index}`));
  assert.equal((await over()).finished, 1);
});

test('leaves headers as an array what they are: a proxy has two cookies to pass on', async () => {
  const { hold, responses, arrived } = held();
  const { server, stop, over } = await drainScene(createServer(hold));
  const { socket, ending } = await connect(server);
  socket.write(get('/'));
  await arrived(1);
  stop.abort();
  await told(responses[0]);
  responses[0]?.writeHead(200, ['Set-Cookie', 'one=1', 'Set-Cookie', 'two=2']).end('whole');
  const { text } = await ending;
  assert.ok(saysClose(text));
  assert.match(text, /one=1[^]*two=2[^]*whole/);
  assert.equal((await over()).finished, 1);
});

test('lets a request that comes meanwhile be the last one (A32)', async () => {
  const { hold, responses, arrived } = held();
  const { server, stop, over } = await drainScene(createServer(hold));
  const { socket, ending } = await connect(server);
  socket.write(get('/1'));
  await arrived(1);
  stop.abort();
  await told(responses[0]);
  socket.write(get('/2'));
  await arrived(2);
  for (const [index, response] of responses.entries()) response.end(`answer ${index}`);
  const answers = answersIn((await ending).text);
  assert.deepEqual(answers.map(saysClose), [false, true]);
  assert.equal((await over()).finished, 1);
});

for (const event of ['checkContinue', 'checkExpectation'] as const) {
  test(`says close and waits where somebody listens for '${event}' (A31)`, async () => {
    const { hold, responses, arrived } = held();
    const server = createServer(answer);
    server.headersTimeout = 50;
    server.on(event, hold);
    const { stop, over } = await drainScene(server);
    const { socket, ending } = await connect(server);
    socket.write(expecting(get('/'), event === 'checkContinue' ? '100-continue' : 'the-unknown'));
    await arrived(1);
    stop.abort();
    await sleep(200);
    responses[0]?.end('no need');
    const { text } = await ending;
    assert.ok(saysClose(text));
    assert.match(text, /^HTTP\/1\.1 200 [^]*no need/);
    assert.equal((await over()).finished, 1);
  });
}

test('knows a request once that such a listener passes on (A31)', async () => {
  const { hold, responses, arrived } = held();
  const server = createServer(hold);
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    response.writeContinue();
    server.emit('request', request, response);
  });
  const { stop, over } = await drainScene(server, { idle: 0 });
  const { socket, ending } = await connect(server);
  socket.write(expecting(get('/')));
  await arrived(1);
  stop.abort();
  await sleep(150);
  responses[0]?.end('whole');
  assert.match((await ending).text, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 [^]*whole/);
  assert.equal((await over()).finished, 1);
});

test('answers a request that came before such a listener has passed on the one before it', async () => {
  const { hold, responses, arrived } = held();
  const server = createServer(hold);
  const passOn: (() => void)[] = [];
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    response.writeContinue();
    passOn.push(() => server.emit('request', request, response));
  });
  const { stop, over } = await drainScene(server);
  const { socket, ending } = await connect(server);
  socket.write(`${expecting(post('/first', 4))}body${get('/second')}`);
  await arrived(1);
  stop.abort();
  await refuses(server);
  passOn[0]?.();
  await arrived(2);
  for (const response of responses) response.end(`answer to ${response.req.url}`);
  const [, first = '', second = ''] = answersIn((await ending).text);
  assert.match(first, /answer to \/first$/);
  assert.match(second, /answer to \/second$/);
  assert.deepEqual([saysClose(first), saysClose(second)], [false, true]);
  assert.equal((await over()).finished, 1);
});

test(
  "leaves the answers to 'Expect' to Node where nobody listens (A31)",
  async () => {
    const { server, stop, over } = await drainScene(createServer(answer), { idle: 300 });
    const [going, refusedOne] = [await connect(server), await connect(server)];
    await becomeIdle(going);
    await becomeIdle(refusedOne);
    stop.abort();
    await refuses(server);
    refusedOne.socket.write(expecting(get('/'), 'the-unknown'));
    await once(refusedOne.socket, 'data');
    going.socket.write(expecting(get('/')));
    const [, proceed = '', whole = ''] = answersIn((await going.ending).text);
    assert.match(proceed, /^HTTP\/1\.1 100 Continue/);
    assert.ok(saysClose(whole));
    const [, failed = ''] = answersIn((await refusedOne.ending).text);
    assert.match(failed, /^HTTP\/1\.1 417 /);
    const { finished, duration } = await over();
    assert.equal(finished, 2);
    assert.ok(duration < 3000, `not held until grace: ${duration}`);
  },
  { cannot: limits.idleAfterClose },
);

test(
  'gives a connection that never sent a byte a tenth of a second, with idle: 0 too (A34, A47, B21)',
  async () => {
    const { server, stop, over } = await drainScene(createServer(answer), { idle: 0 });
    const speaker = await connectAccepted(server);
    const silent = await connectAccepted(server);
    const begun = performance.now();
    stop.abort();
    await sleep(50);
    speaker.socket.write(get('/'));
    assert.match((await speaker.ending).text, /connection: close[^]*answer to \//i);
    assert.equal((await silent.ending).by, 'end');
    const elapsed = performance.now() - begun;
    assert.ok(elapsed >= FIRST_REQUEST_MS - 1 && elapsed < 3000, String(elapsed));
    assert.equal((await over()).finished, 2);
  },
  { cannot: limits.httpNewcomers },
);

test(
  'serves who is accepted in the last call and speaks 50 ms later (A34)',
  async () => {
    const { server, stop, over } = await drainScene(createServer(answer), { idle: 0 });
    stop.abort();
    const client = await connectAccepted(server);
    await sleep(50);
    client.socket.write(get('/'));
    assert.match((await client.ending).text, /connection: close[^]*answer to \//i);
    assert.equal((await over()).finished, 1);
  },
  { cannot: [limits.httpNewcomers, limits.exactLastCall] },
);

test(
  'lets half a head be finished, though the idle time is over (A33)',
  async () => {
    const { server, stop, over } = await drainScene(createServer(answer));
    const { socket, ending } = await connect(server);
    socket.write('GET /half HTTP/1.1\r\nHo');
    await turns(5);
    stop.abort();
    await sleep(250);
    socket.write('st: localhost\r\n\r\n');
    const { text } = await ending;
    assert.ok(saysClose(text));
    assert.match(text, /answer to \/half$/);
    assert.equal((await over()).finished, 1);
  },
  { cannot: limits.httpNewcomers },
);

test(
  "answers half a head 408 when the server's headersTimeout is over (A33, B22)",
  async () => {
    const server = createServer(answer);
    server.headersTimeout = 300;
    const { stop, over } = await drainScene(server);
    const { socket, ending } = await connect(server);
    const { localPort } = socket;
    socket.write('GET /half HTTP/1.1\r\nHo');
    await turns(5);
    stop.abort();
    const { text } = await ending;
    assert.match(text, /^HTTP\/1\.1 408 /);
    assert.ok(saysClose(text));
    const { duration, stragglers } = await over();
    assert.ok(duration >= 299 && duration < 3000, String(duration));
    const [{ age, ...rest } = assert.fail()] = stragglers;
    assert.deepEqual(rest, { kind: 'request', remoteAddress: '127.0.0.1', remotePort: localPort });
    assert.ok(age >= 299, String(age));
  },
  { cannot: limits.httpNewcomers },
);

test(
  'destroys half a head at grace, if that comes first (A33)',
  async () => {
    const { server, stop, over } = await drainScene(createServer(answer), { grace: 200 });
    const { socket, ending } = await connect(server);
    socket.write('GET /half HTTP/1.1\r\nHo');
    await turns(5);
    stop.abort();
    assert.equal((await ending).text, '');
    const { duration, stragglers } = await over();
    assert.deepEqual(
      stragglers.map(({ kind }) => kind),
      ['request'],
    );
    assert.ok(duration >= 199 && duration < 1500, String(duration));
  },
  { cannot: limits.httpNewcomers },
);

test(
  'knows half a head that came while the response before it was on its way (A33)',
  async () => {
    const { hold, responses, arrived } = held();
    const { server, stop, over } = await drainScene(createServer(hold));
    const { socket, ending } = await connect(server);
    socket.write(get('/1'));
    await arrived(1);
    responses[0]?.writeHead(200, { 'content-length': 5 }).flushHeaders();
    await once(socket, 'data');
    socket.write('GET /2 HTTP/1.1\r\nHo');
    await sleep(50);
    stop.abort();
    await refuses(server);
    responses[0]?.end('first');
    await sleep(250);
    socket.write('st: localhost\r\n\r\n');
    await arrived(2);
    responses[1]?.end('second');
    const [, second = ''] = answersIn((await ending).text);
    assert.match(second, /second$/);
    assert.equal((await over()).finished, 1);
  },
  { cannot: [limits.requestAfterClose, limits.httpNewcomers] },
);

test('is not held by a request that its client has aborted (A30)', async () => {
  const { hold, arrived } = held();
  const { server, stop, over } = await drainScene(createServer(hold));
  const clients = [await connect(server), await connect(server)];
  for (const { socket } of clients) socket.write(get('/'));
  await arrived(2);
  clients[0]?.socket.resetAndDestroy();
  stop.abort();
  await refuses(server);
  clients[1]?.socket.destroy();
  const { finished, duration } = await over();
  assert.ok(finished >= 1);
  assert.ok(duration < 5000, String(duration));
});

test('is not held by a handler that destroys the socket', async () => {
  const { hold, requests, arrived } = held();
  const { server, stop, over } = await drainScene(createServer(hold));
  const { socket, ending } = await connect(server);
  socket.write(get('/'));
  await arrived(1);
  stop.abort();
  await refuses(server);
  requests[0]?.socket.destroy();
  await ending;
  const { finished, duration } = await over();
  assert.equal(finished, 1);
  assert.ok(duration < 5000, String(duration));
});

test('destroys at grace what was never answered, and lists it (B15)', async () => {
  const { hold, arrived } = held();
  const { server, stop, over } = await drainScene(createServer(hold), { grace: 200 });
  const { socket, ending } = await connect(server);
  const { localPort } = socket;
  socket.write(get('/'));
  await arrived(1);
  stop.abort();
  await sleep(100);
  assert.equal(socket.readyState, 'open');
  assert.equal((await ending).text, '');
  const { finished, duration, stragglers } = await over();
  assert.equal(finished, 0);
  assert.ok(duration >= 199 && duration < 1500, String(duration));
  const [{ age, ...rest } = assert.fail()] = stragglers;
  const line = { method: 'GET', url: '/' };
  const client = { remoteAddress: '127.0.0.1', remotePort: localPort };
  assert.deepEqual(rest, { kind: 'request', ...client, ...line });
  assert.ok(age >= 199 && age < 3000, String(age));
});

test('is not held by a request behind a response that has announced close', async () => {
  const { hold, responses, arrived } = held();
  const { server, stop, over } = await drainScene(createServer(hold));
  const { socket, ending } = await connect(server);
  socket.write(get('/1') + get('/2'));
  await arrived(2);
  responses[0]?.setHeader('connection', 'close');
  stop.abort();
  for (const [index, response] of responses.entries()) response.end(`answer ${index}`);
  assert.match((await ending).text, /answer 0$/);
  const { forced, duration } = await over();
  assert.equal(forced, 0);
  assert.ok(duration < 5000, String(duration));
});

test(
  'keeps the idle time of the first call when it is called again in the shutdown',
  async () => {
    const { server, stop, drained, over } = await drainScene(createServer(answer), { idle: 5000 });
    const client = await connect(server);
    await becomeIdle(client);
    stop.abort();
    assert.equal(drain(server, { idle: 0 }), drained);
    await refuses(server);
    // Longer than an idle time of 0 takes.
    await sleep(200);
    client.socket.write(get('/again'));
    assert.match((await client.ending).text, /answer to \/again/);
    assert.equal((await over()).forced, 0);
  },
  { cannot: [limits.idleAfterClose, limits.requestAfterClose] },
);

test.run();
