import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import {
  connect as connectHttp2,
  createSecureServer,
  createServer as createHttp2,
} from 'node:http2';
import { createServer as createHttps, get as getSecure } from 'node:https';
import { text } from 'node:stream/consumers';
import { acceptLoop } from 'accept-loop';
import { certificate } from '../../support/certificate.ts';
import { assertConserved } from '../../support/conservation.ts';
import { connect, listening, portOf } from '../../support/sockets.ts';
import { suite } from '../../support/suite.ts';
import { until } from '../../support/turns.ts';
import { collectWarnings } from '../../support/warnings.ts';

const test = suite('HTTP requests');

const request = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

function answerOf(options: object, fetch: typeof get = get): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => fetch(options, resolve).on('error', reject));
}

test('come with their responses', async () => {
  const server = await listening(createServer());
  const loop = acceptLoop(server);
  const answer = answerOf({ port: portOf(server), path: '/hello', agent: false });
  const { value } = await loop.next();
  const [incoming, response] = value ?? assert.fail('nothing yielded');
  response.end(`you asked for ${incoming.url}`);
  assert.equal(await text(await answer), 'you asked for /hello');
  await loop.return();
});

test('come from https servers', async () => {
  const server = await listening(createHttps(certificate));
  const loop = acceptLoop(server);
  const options = { port: portOf(server), ca: certificate.cert, agent: false };
  const answer = answerOf({ ...options, host: 'localhost', family: 4 }, getSecure);
  const { value } = await loop.next();
  value?.[1].end('secret');
  assert.equal(await text(await answer), 'secret');
  await loop.return();
});

for (const [name, create] of [
  ['http2', () => createHttp2()],
  ['secure http2', () => createSecureServer(certificate)],
] as const) {
  test(`come from ${name} servers, and the session is told to go away`, async () => {
    const server = await listening(create());
    const loop = acceptLoop(server as ReturnType<typeof createHttp2>);
    const scheme = name === 'http2' ? 'http' : 'https';
    const session = connectHttp2(`${scheme}://localhost:${portOf(server)}`, {
      ca: certificate.cert,
      family: 4,
    } as object);
    const goneAway = new Promise((resolve) => session.once('goaway', resolve));
    const closed = new Promise((resolve) => session.once('close', resolve));
    const stream = session.request({ ':path': '/two' });
    const answer = text(stream);
    const { value } = await loop.next();
    value?.[1].end(`you asked for ${value[0].url}`);
    assert.equal(await answer, 'you asked for /two');
    await loop.return();
    await Promise.race([goneAway, closed]);
    session.close();
    await closed;
  });
}

test('beyond maxQueued are answered 503 with Retry-After and Connection: close', async () => {
  const server = await listening(createServer());
  const loop = acceptLoop(server, { maxQueued: 1 });
  const waiting = await connect(server);
  waiting.socket.write(request);
  await until(() => loop.stats.queued === 1);
  const { socket, ending } = await connect(server);
  socket.write(request);
  const { text: answer } = await ending;
  assert.match(answer, /^HTTP\/1\.1 503 /);
  assert.match(answer, /\r\nretry-after: \d+\r\n/i);
  assert.match(answer, /\r\nconnection: close\r\n/i);
  assert.equal(loop.stats.shed, 1);
  const { value } = await loop.next();
  value?.[1].end('served');
  await loop.return();
  assert.match((await waiting.ending).text, /served/);
  assertConserved(loop.stats);
});

test('over HTTP/2 are answered 503 without a header that it forbids', async () => {
  const { warnings, stopCollecting } = collectWarnings();
  const server = await listening(createHttp2());
  const loop = acceptLoop(server, { maxQueued: 0 });
  const session = connectHttp2(`http://127.0.0.1:${portOf(server)}`);
  const closed = new Promise((resolve) => session.once('close', resolve));
  const stream = session.request();
  const headers = await new Promise<Record<string, unknown>>((resolve) => {
    stream.once('response', resolve);
  });
  stream.resume();
  assert.equal(headers[':status'], 503);
  assert.equal(headers['retry-after'], '1');
  await loop.return();
  session.close();
  await closed;
  stopCollecting();
  assert.deepEqual(warnings, []);
});

test('that wait are answered 503 when the loop is left', async () => {
  const server = await listening(createServer());
  const loop = acceptLoop(server);
  const { socket, ending } = await connect(server);
  socket.write(request);
  await until(() => loop.stats.queued === 1);
  await loop.return();
  assert.match((await ending).text, /^HTTP\/1\.1 503 /);
  assert.equal(loop.stats.discarded, 1);
});

test('whose client has left are skipped', async () => {
  const server = await listening(createServer());
  const loop = acceptLoop(server);
  const { socket } = await connect(server);
  socket.write(request);
  await until(() => loop.stats.queued === 1);
  socket.resetAndDestroy();
  await until(() => loop.stats.lost === 1);
  assert.equal(loop.stats.queued, 0);
  await loop.return();
});

test('that were pipelined by a client that has left leave the queue at once, all of them', async () => {
  const server = await listening(createServer());
  const loop = acceptLoop(server);
  const taken = loop.next();
  const { socket } = await connect(server);
  socket.write(request.repeat(4));
  await until(() => loop.stats.queued === 3);
  socket.resetAndDestroy();
  await until(() => loop.stats.lost === 3);
  const { yielded, queued } = loop.stats;
  assert.deepEqual([yielded, queued], [1, 0]);
  const [, response] = (await taken).value ?? assert.fail();
  assert.equal(response.listenerCount('close'), 1);
  await loop.return();
});

test('of an HTTP/2 session from before the loop tell it to go away, too', async () => {
  const server = await listening(createHttp2());
  const session = connectHttp2(`http://127.0.0.1:${portOf(server)}`);
  await once(session, 'remoteSettings');
  const loop = acceptLoop(server);
  const answer = text(session.request());
  (await loop.next()).value?.[1].end('served');
  assert.equal(await answer, 'served');
  const closed = new Promise((resolve) => session.once('close', resolve));
  await loop.return();
  await closed;
});

test('leave the responses to the consumer, who may stream them after the end', async () => {
  const server = await listening(createServer());
  const stop = new AbortController();
  const loop = acceptLoop(server, stop.signal);
  const { socket, ending } = await connect(server);
  socket.write(request);
  const { value } = await loop.next();
  const [, response] = value ?? assert.fail('nothing yielded');
  response.write('one ');
  stop.abort();
  assert.equal((await loop.next()).done, true);
  response.write('two ');
  response.end('three');
  assert.match((await ending).text, /one [^]*two [^]*three/);
});

test.run();
