import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createSecureServer } from 'node:https';
import type { RequestListener } from 'node:http';
import type { Server } from 'node:net';
import { certificate } from '../support/certificate.ts';
import { answer, drainScene, held, told } from '../support/drain-scene.ts';
import { answersIn, get, post, saysClose } from '../support/http-messages.ts';
import { limits } from '../support/limits.ts';
import { connect, connectAccepted, connectTls, goOnWithTls, refuses } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { atUnixSocket } from '../support/tls-unix-socket.ts';
import { sleep, turns } from '../support/turns.ts';

const test = suite('drain of HTTPS');

const createServer = (handler: RequestListener): Server => createSecureServer(certificate, handler);

test('answers what is in flight with Connection: close, and waits for it (A46)', async () => {
  const { hold, responses, arrived } = held();
  const { server, drained, stop, over } = await drainScene(createServer(hold));
  const { socket, ending } = await connectTls(server);
  socket.write(get('/'));
  await arrived(1);
  let isOver = false;
  void drained.then(() => (isOver = true));
  stop.abort();
  await refuses(server);
  await sleep(150);
  assert.equal(isOver, false);
  responses[0]?.end('x'.repeat(1 << 20));
  const { text, by } = await ending;
  assert.ok(saysClose(text));
  assert.equal(text.split('\r\n\r\n')[1]?.length, 1 << 20);
  assert.equal(by, 'end');
  const { finished, duration } = await over();
  assert.equal(finished, 1);
  assert.ok(duration < 5000, String(duration));
});

test(
  'answers one more request of an idle connection, and ends who has no more to say (A35, A46)',
  async () => {
    const { server, stop, over } = await drainScene(createServer(answer), { idle: 300 });
    const clients = [await connectTls(server), await connectTls(server)];
    for (const { socket } of clients) {
      socket.write(get('/1'));
      await once(socket, 'data');
    }
    stop.abort();
    await refuses(server);
    clients[0]?.socket.write(get('/2'));
    const endings = await Promise.all(clients.map(({ ending }) => ending));
    const [first = [], second = []] = endings.map(({ text }) => answersIn(text).map(saysClose));
    assert.deepEqual([first, second], [[false, true], [false]]);
    assert.equal((await over()).finished, 2);
  },
  { cannot: limits.idleAfterClose },
);

test('answers all that was pipelined, and half a body once it is whole (A32)', async () => {
  const { hold, requests, responses, arrived } = held();
  const { server, stop, over } = await drainScene(createServer(hold));
  const pipelining = await connectTls(server);
  pipelining.socket.write(get('/1') + get('/2'));
  await arrived(2);
  const uploading = await connectTls(server);
  uploading.socket.write(post('/', 10) + 'half ');
  await arrived(3);
  stop.abort();
  await refuses(server);
  responses[0]?.end('one');
  responses[1]?.end('two');
  assert.deepEqual(answersIn((await pipelining.ending).text).map(saysClose), [false, true]);
  uploading.socket.write('whole');
  let body = '';
  for await (const chunk of requests[2] as AsyncIterable<Buffer>) body += String(chunk);
  responses[2]?.end(body);
  assert.match((await uploading.ending).text, /connection: close[^]*half whole$/i);
  assert.equal((await over()).finished, 2);
});

test(
  'lets half a head be finished, though the idle time is over (A33)',
  async () => {
    const { server, stop, over } = await drainScene(createServer(answer));
    const { socket, ending } = await connectTls(server);
    socket.write('GET /half HTTP/1.1\r\nHo');
    await turns(20);
    stop.abort();
    await sleep(250);
    socket.write('st: localhost\r\n\r\n');
    assert.match((await ending).text, /connection: close[^]*answer to \/half$/i);
    assert.equal((await over()).finished, 1);
  },
  { cannot: limits.httpNewcomers },
);

test(
  'destroys at grace a handshake that never ends, and lists it (A46, B47)',
  async () => {
    const { server, stop, over } = await drainScene(createServer(answer), { grace: 250 });
    const clients = [await connectAccepted(server), await connectAccepted(server)];
    // The first bytes of a ClientHello.
    clients[1]?.socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]));
    const ports = clients.map(({ socket }) => socket.localPort);
    stop.abort();
    for (const { ending } of clients) await ending;
    const { finished, duration, stragglers } = await over();
    assert.equal(finished, 0);
    assert.ok(duration >= 249 && duration < 1500, String(duration));
    const listed = new Map(stragglers.map(({ kind, remotePort }) => [remotePort, kind]));
    assert.deepEqual(
      ports.map((port) => listed.get(port)),
      ['handshake', 'handshake'],
    );
  },
  { cannot: limits.httpNewcomers },
);

test(
  'serves a client that finishes its handshake during the shutdown',
  async () => {
    const { server, stop, over } = await drainScene(createServer(answer), { idle: 0 });
    const { socket } = await connectAccepted(server);
    stop.abort();
    await refuses(server);
    await sleep(300);
    const client = await goOnWithTls(socket);
    client.socket.write(get('/late'));
    assert.match((await client.ending).text, /connection: close[^]*answer to \/late$/i);
    assert.equal((await over()).finished, 1);
  },
  { cannot: limits.httpNewcomers },
);

test(
  'bears clients that send no TLS, or leave in the middle of a handshake',
  async () => {
    const { server, stop, over } = await drainScene(createServer(answer));
    const clients = [
      await connectAccepted(server),
      await connectAccepted(server),
      await connectAccepted(server),
    ];
    stop.abort();
    await refuses(server);
    clients[0]?.socket.write(get('/'));
    clients[1]?.socket.resetAndDestroy();
    clients[2]?.socket.destroy();
    for (const { ending } of clients) await ending;
    const { finished, duration } = await over();
    assert.equal(finished, 3);
    assert.ok(duration < 5000, String(duration));
  },
  { cannot: limits.httpNewcomers },
);

test('is not held by a client that has ended its side, which Node does not answer', async () => {
  const { hold, responses, arrived } = held();
  const { server, stop, over } = await drainScene(createServer(hold));
  const [ended, other] = [await connectTls(server), await connectTls(server)];
  ended.socket.end(get('/1'));
  await arrived(1);
  other.socket.write(get('/2'));
  await arrived(2);
  stop.abort();
  await refuses(server);
  await ended.ending;
  for (const response of responses) response.end('whole');
  assert.match((await other.ending).text, /connection: close[^]*whole$/i);
  const { forced, duration } = await over();
  assert.equal(forced, 0);
  assert.ok(duration < 5000, String(duration));
});

test('destroys at grace what was never answered, and lists each connection once', async () => {
  const { hold, arrived } = held();
  const { server, stop, over } = await drainScene(createServer(hold), { grace: 250, idle: 5000 });
  const clients = [await connectTls(server), await connectTls(server)];
  const ports = clients.map(({ socket }) => socket.localPort);
  for (const { socket } of clients) socket.write(get('/'));
  await arrived(2);
  stop.abort();
  for (const { ending } of clients) await ending;
  const { finished, stragglers } = await over();
  assert.equal(finished, 0);
  const listed = new Map(stragglers.map(({ kind, remotePort }) => [remotePort, kind]));
  assert.deepEqual(
    ports.map((port) => listed.get(port)),
    ['request', 'request'],
  );
});

test(
  'does all of that on a Unix socket (A58)',
  () =>
    atUnixSocket(async (path) => {
      const { hold, responses, arrived } = held();
      const { stop, over } = await drainScene(createServer(hold), { path, grace: 500 });
      const answered = await connectTls(path);
      answered.socket.write(get('/'));
      await arrived(1);
      const stuck = await connectTls(path);
      stuck.socket.write(get('/'));
      await arrived(2);
      const shy = await connect(path);
      await turns(5);
      stop.abort();
      await told(responses[0]);
      responses[0]?.end('whole');
      assert.match((await answered.ending).text, /connection: close[^]*whole$/i);
      await Promise.all([stuck.ending, shy.ending]);
      const { finished, stragglers } = await over();
      assert.equal(finished, 1);
      assert.deepEqual(stragglers.map(({ kind }) => kind).toSorted(), ['handshake', 'request']);
    }),
  { cannot: limits.httpNewcomers },
);

test.run();
