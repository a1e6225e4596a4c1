import assert from 'node:assert/strict';
import { type EventEmitter, once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AcceptLoop, acceptLoop } from 'accept-loop';
import { LAST_CALL_MS } from '../../../lib/bounds.ts';
import { limits } from '../../support/limits.ts';
import { listenersOn } from '../../support/listeners.ts';
import { type Client, connect, listening, portOf } from '../../support/sockets.ts';
import { suite } from '../../support/suite.ts';
import { turns, until } from '../../support/turns.ts';

const test = suite('HTTP connections at the end');

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
const post = (path: string, length: number): string =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n`;

interface Scene {
  readonly server: Server;
  readonly loop: AcceptLoop<[unknown, ServerResponse]>;
  readonly stop: AbortController;
  readonly client: Client;
}

/** A server in a loop, and one client. */
async function scene(): Promise<Scene> {
  const server = await listening(createServer());
  const stop = new AbortController();
  const loop = acceptLoop(server, stop.signal);
  return { server, loop, stop, client: await connect(server) };
}

async function respond(loop: Scene['loop'], body: string): Promise<ServerResponse> {
  const { value } = await loop.next();
  const [, response] = value ?? assert.fail('nothing yielded');
  response.end(body);
  return response;
}

function heads(answer: string): string[] {
  return answer.split(/(?=HTTP\/1\.1 )/);
}

test('are told Connection: close by a response that is under way at the abort', async () => {
  const { server, loop, stop, client } = await scene();
  client.socket.write(get('/'));
  const { value } = await loop.next();
  stop.abort();
  value?.[1].end('last');
  const { text, by } = await client.ending;
  assert.match(text, /\r\nconnection: close\r\n[^]*last/i);
  assert.equal(by, 'end');
  assert.equal((await loop.next()).done, true);
  assert.equal(server.listening, false);
});

test('hear it from the last of the pipelined responses alone (A32)', async () => {
  const { loop, stop, client } = await scene();
  client.socket.write(get('/1') + get('/2') + get('/3'));
  await until(() => loop.stats.accepted === 3);
  stop.abort();
  for (const body of ['one', 'two', 'three']) await respond(loop, body);
  const answers = heads((await client.ending).text);
  assert.equal(answers.length, 3);
  assert.deepEqual(
    answers.map((answer) => /connection: close/i.test(answer)),
    [false, false, true],
  );
});

test(
  'hear it later when one more request comes in time',
  async () => {
    const { loop, stop, client } = await scene();
    client.socket.write(get('/1'));
    await until(() => loop.stats.accepted === 1);
    stop.abort();
    client.socket.write(get('/2'));
    await until(() => loop.stats.accepted === 2);
    await respond(loop, 'one');
    await respond(loop, 'two');
    const [first = '', second = ''] = heads((await client.ending).text);
    assert.match(first, /one/);
    assert.doesNotMatch(first, /connection: close/i);
    assert.match(second, /connection: close[^]*two/i);
  },
  { cannot: limits.requestAfterClose },
);

test(
  'hear what the handler says, though it said so after us',
  async () => {
    const { loop, stop, client } = await scene();
    client.socket.write(get('/1'));
    const { value } = await loop.next();
    stop.abort();
    value?.[1].setHeader('connection', 'keep-alive');
    client.socket.write(get('/2'));
    await until(() => loop.stats.accepted === 2);
    value?.[1].end('one');
    await respond(loop, 'two');
    const [first = '', second = ''] = heads((await client.ending).text);
    assert.match(first, /connection: keep-alive[^]*one/i);
    assert.match(second, /connection: close[^]*two/i);
  },
  { cannot: limits.requestAfterClose },
);

test('are told it though the upload is still arriving, which is not cut off', async () => {
  const { loop, stop, client } = await scene();
  client.socket.write(post('/', 10) + 'half ');
  const { value } = await loop.next();
  const [incoming, response] = value ?? assert.fail('nothing yielded');
  stop.abort();
  assert.equal(response.shouldKeepAlive, false);
  client.socket.write('whole');
  let body = '';
  for await (const chunk of incoming as AsyncIterable<Buffer>) body += String(chunk);
  response.end(body);
  assert.match((await client.ending).text, /connection: close[^]*half whole/i);
});

test(
  'are not ended before the upload has arrived that was answered early',
  async () => {
    const { server, loop, stop, client } = await scene();
    const closed = once(server, 'close');
    client.socket.write(post('/', 10) + 'half ');
    const response = await respond(loop, 'early');
    await once(response, 'close');
    stop.abort();
    assert.equal((await loop.next()).done, true);
    await turns(5);
    assert.equal(client.socket.readyState, 'open');
    client.socket.write('whole');
    assert.match((await client.ending).text, /early/);
    await closed;
  },
  { cannot: limits.endOfEarlyAnsweredUpload },
);

test('are ended at once when they are idle', async () => {
  const { server, loop, stop, client } = await scene();
  client.socket.write(get('/'));
  await once(await respond(loop, 'kept alive'), 'close');
  const closed = once(server, 'close');
  stop.abort();
  assert.equal((await loop.next()).done, true);
  const { text } = await client.ending;
  assert.match(text, /connection: keep-alive[^]*kept alive/i);
  await closed;
});

test('are ended when they become idle, though they were told keep-alive (A29)', async () => {
  const { server, loop, stop, client } = await scene();
  const closed = once(server, 'close');
  client.socket.write(get('/'));
  const { value } = await loop.next();
  const [, response] = value ?? assert.fail('nothing yielded');
  response.writeHead(200, { 'content-length': 8 });
  response.write('half');
  stop.abort();
  assert.equal((await loop.next()).done, true);
  response.end('more');
  assert.match((await client.ending).text, /halfmore$/);
  await closed;
});

test(
  'that never sent a byte are ended within the bound (A34)',
  async () => {
    const { server, loop, stop, client } = await scene();
    const closed = once(server, 'close');
    await turns(5);
    const begun = performance.now();
    stop.abort();
    assert.equal((await loop.next()).done, true);
    await client.ending;
    await closed;
    assert.ok(performance.now() - begun < 2000, 'the bound is half a second');
  },
  { cannot: limits.httpNewcomers },
);

test(
  'that have been silent for long are not waited for',
  async () => {
    const { loop, stop, client } = await scene();
    await turns(5);
    const now = performance.now.bind(performance);
    // As if so much time had passed.
    performance.now = () => now() + LAST_CALL_MS + 1;
    try {
      const begun = now();
      stop.abort();
      assert.equal((await loop.next()).done, true);
      assert.ok(now() - begun < LAST_CALL_MS);
    } finally {
      performance.now = now;
    }
    await client.ending;
  },
  { cannot: limits.httpNewcomers },
);

test(
  'accepted in the last call have the time to make their first request',
  async () => {
    const { loop, stop, client } = await scene();
    stop.abort();
    await turns(5);
    await new Promise((resolve) => setTimeout(resolve, 50));
    client.socket.write(get('/'));
    await respond(loop, 'in time');
    assert.match((await client.ending).text, /connection: close[^]*in time/i);
    assert.equal((await loop.next()).done, true);
  },
  { cannot: limits.httpNewcomers },
);

test(
  'are answered 503 when a request comes after the end',
  async () => {
    const { server, loop, stop, client } = await scene();
    const before = listenersOn(server);
    client.socket.write(get('/1'));
    const { value } = await loop.next();
    const [, response] = value ?? assert.fail('nothing yielded');
    response.writeHead(200, { 'content-length': 3 });
    stop.abort();
    assert.equal((await loop.next()).done, true);
    client.socket.write(get('/2'));
    await turns(5);
    response.end('one');
    const [first = '', second = ''] = heads((await client.ending).text);
    assert.match(first, /one/);
    assert.match(second, /^HTTP\/1\.1 503 [^]*connection: close/i);
    assert.equal(loop.stats.accepted, 1);
    if (before['request'] === 0) assert.fail('the loop listened');
  },
  { cannot: limits.requestAfterClose },
);

test('leave one listener on the server until it has closed, then none', async () => {
  const server = createServer();
  const pristine = listenersOn(server);
  await listening(server);
  const stop = new AbortController();
  const loop = acceptLoop(server, stop.signal);
  const { socket, ending } = await connect(server);
  socket.write(get('/'));
  const { value } = await loop.next();
  stop.abort();
  assert.equal((await loop.next()).done, true);
  // And two that take it away.
  const { listening: begins = 0, ...others } = pristine;
  const left = { ...others, request: 1, close: 1, listening: begins + 1 };
  assert.deepEqual(listenersOn(server), left);
  const closed = once(server, 'close');
  value?.[1].end();
  await ending;
  await closed;
  assert.deepEqual(listenersOn(server), pristine);
});

test('of a server that listens again are no business of the loop before', async () => {
  for (const way of ['close', 'leave', 'fail'] as const) {
    const server = await listening(createServer());
    const port = portOf(server);
    const first = acceptLoop(server);
    const closed = once(server, 'close').catch(() => once(server, 'close'));
    const pending = first.next();
    if (way === 'close') server.close();
    if (way === 'leave') await first.return();
    if (way === 'fail') server.emit('error', new Error('broken'));
    await pending.catch(() => {});
    await closed;
    server.on('request', (_, response) => void response.end('mine'));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const { socket, ending } = await connect(server);
    socket.write(get('/').replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    assert.match((await ending).text, /^HTTP\/1\.1 200 [^]*mine/, way);
    assert.equal(server.listenerCount('request'), 1);
    await new Promise((resolve) => server.close(resolve));
  }
});

test('of a server whose bind failed are no business of that loop either', async () => {
  const taken = await listening(createServer());
  const server = createServer();
  const before = listenersOn(server);
  const loop = acceptLoop(server);
  server.listen(portOf(taken), '127.0.0.1');
  await assert.rejects(loop.next(), { code: 'EADDRINUSE' });
  assert.deepEqual(listenersOn(server), before);
  taken.close();
});

test(
  'that are half a request or upgraded are left to their owners',
  async () => {
    const { server, loop, stop, client } = await scene();
    const upgraded = await connect(server);
    server.on('upgrade', (_, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\nupgraded ');
      server.once('goodbye', () => socket.end('and alive'));
    });
    upgraded.socket.write(
      'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
    );
    await once(server, 'upgrade');
    client.socket.write('GET / HTTP/1.1\r\nHo');
    await turns(5);
    stop.abort();
    assert.equal((await loop.next()).done, true);
    client.socket.write('st: localhost\r\n\r\n');
    assert.match((await client.ending).text, /^HTTP\/1\.1 503 /);
    (server as EventEmitter).emit('goodbye');
    assert.match((await upgraded.ending).text, /upgraded and alive$/);
  },
  { cannot: limits.httpNewcomers },
);

test.run();
