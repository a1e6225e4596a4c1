import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { drain } from 'accept-loop';
import { answer, drainScene, held, told } from '../support/drain-scene.ts';
import { expecting, get, post } from '../support/http-messages.ts';
import { connect, listening } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { until } from '../support/turns.ts';
import { collectWarnings } from '../support/warnings.ts';

const test = suite('drain of HTTP that another server hands on');

/** A server behind one that accepts for it. */
async function behind(front: Server, hidden: Server): Promise<() => Promise<void>> {
  await listening(front);
  return async () => {
    const closed = once(front, 'close');
    front.close();
    await closed;
    assert.equal(hidden.listening, false);
  };
}

test('waits for requests that came by another server', async () => {
  const { hold, responses, arrived } = held();
  const hidden = createServer(hold);
  const front = createServer((request, response) => hidden.emit('request', request, response));
  const closeFront = await behind(front, hidden);
  const stop = new AbortController();
  const drained = drain(hidden, { signal: stop.signal, idle: 50 });
  const { socket, ending } = await connect(front);
  socket.write(get('/'));
  await arrived(1);
  stop.abort();
  await told(responses[0]);
  responses[0]?.end('whole');
  assert.match((await ending).text, /connection: close[^]*whole$/i);
  assert.equal((await drained).forced, 0);
  await closeFront();
});

test('does not follow sockets that have closed before they are handed on', async () => {
  const hidden = createServer(answer);
  const sockets: Socket[] = [];
  const front = createTcpServer((socket) => void sockets.push(socket.on('error', () => {})));
  const closeFront = await behind(front, hidden);
  const stop = new AbortController();
  const drained = drain(hidden, { signal: stop.signal, grace: 5000 });
  const client = await connect(front);
  await until(() => sockets.length === 1);
  client.socket.resetAndDestroy();
  sockets[0]?.resume();
  await until(() => sockets[0]?.closed === true);
  hidden.emit('connection', sockets[0]);
  stop.abort();
  const { finished, forced, duration } = await drained;
  assert.deepEqual([finished, forced], [0, 0]);
  assert.ok(duration < 4000, String(duration));
  await closeFront();
});

test('ends a stream that is no socket', async () => {
  const server = createServer(answer);
  const stop = new AbortController();
  const drained = drain(server, { signal: stop.signal, idle: 0, grace: 5000 });
  let text = '';
  const stream: Duplex = new Duplex({
    read() {},
    write(chunk, _encoding, callback) {
      text += String(chunk);
      callback();
    },
    final(callback) {
      // The other side ends, too.
      stream.push(null);
      callback();
    },
  });
  server.emit('connection', stream);
  stream.push(get('/'));
  await until(() => text.endsWith('answer to /'));
  stop.abort();
  const { forced, duration } = await drained;
  assert.equal(forced, 0);
  assert.ok(duration < 4000, String(duration));
  stream.destroy();
});

test('ends a client that was refused before it sent its body', async () => {
  const server = createServer();
  server.on('checkContinue', (_request: IncomingMessage, response: ServerResponse) => {
    setTimeout(() => response.writeHead(413).end('too large'), 100);
  });
  const { stop, over } = await drainScene(server, { grace: 8000 });
  const { socket, ending } = await connect(server);
  const asked = once(server, 'checkContinue');
  socket.write(expecting(post('/', 9)));
  await asked;
  stop.abort();
  assert.match((await ending).text, /^HTTP\/1\.1 413 [^]*too large/);
  const { forced, duration } = await over();
  assert.equal(forced, 0);
  assert.ok(duration < 5000, String(duration));
});

test('takes an empty line behind a body for no request', async () => {
  const { server, stop, over } = await drainScene(createServer(answer), { grace: 5000 });
  const { socket, ending } = await connect(server);
  socket.write(`${post('/', 4)}body\r\n`);
  await once(socket, 'data');
  stop.abort();
  assert.match((await ending).text, /answer to \/$/);
  assert.equal((await over()).forced, 0);
});

test('beside a serve of the same server warns of nothing', async () => {
  const { warnings, stopCollecting } = collectWarnings();
  const server = await listening(createServer(answer));
  const first = drain(server, { signal: new AbortController().signal });
  assert.ok(server.listenerCount('newListener') <= 2);
  assert.equal(await drain(server, { idle: 0 }), await first);
  stopCollecting();
  assert.deepEqual(warnings, []);
});

test.run();
