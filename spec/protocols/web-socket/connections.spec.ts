import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { acceptLoop } from 'accept-loop';
import { WebSocket, WebSocketServer } from 'ws';
import { assertConserved } from '../../support/conservation.ts';
import { limits } from '../../support/limits.ts';
import { listenersOn } from '../../support/listeners.ts';
import { connect, listening, portOf } from '../../support/sockets.ts';
import { suite } from '../../support/suite.ts';
import { turns, until } from '../../support/turns.ts';

const test = suite('WebSockets');

async function standalone(): Promise<{ server: WebSocketServer; url: string }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  return { server, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/chat` };
}

/** A client whose end is told by a close code. */
function open(url: string): { client: WebSocket; code: Promise<number> } {
  const client = new WebSocket(url);
  client.on('error', () => {});
  const code = new Promise<number>((resolve) => client.once('close', resolve));
  return { client, code };
}

test('come with the requests that opened them', async () => {
  const { server, url } = await standalone();
  const loop = acceptLoop(server);
  const { client, code } = open(url);
  const { value } = await loop.next();
  const [webSocket, request] = value ?? assert.fail('nothing yielded');
  assert.equal(request.url, '/chat');
  webSocket.send('hello');
  const [message] = await once(client, 'message');
  assert.equal(String(message), 'hello');
  webSocket.close(1000);
  assert.equal(await code, 1000);
  await loop.return();
});

test('lose no message that comes before the consumer has them', async () => {
  const { server, url } = await standalone();
  const loop = acceptLoop(server);
  const { client, code } = open(url);
  client.once('open', () => {
    client.send('first');
    client.send('second');
  });
  await until(() => loop.stats.queued === 1);
  await turns(20);
  const { value } = await loop.next();
  const [webSocket] = value ?? assert.fail('nothing yielded');
  const messages: string[] = [];
  webSocket.on('message', (message: Buffer) => messages.push(message.toString()));
  await until(() => messages.length === 2);
  assert.deepEqual(messages, ['first', 'second']);
  webSocket.close();
  await code;
  await loop.return();
});

test('are accepted no more after the abort, and live on', async () => {
  const { server, url } = await standalone();
  const stop = new AbortController();
  const loop = acceptLoop(server, stop.signal);
  const before = listenersOn(server);
  const { client, code } = open(url);
  const { value } = await loop.next();
  stop.abort();
  assert.equal((await loop.next()).done, true);
  assert.notDeepEqual(listenersOn(server), before);
  const late = open(url);
  assert.equal(await late.code, 1006);
  value?.[0].close(1001);
  assert.equal(await code, 1001);
  client.terminate();
});

test('are cut off when they wait and the loop is left, or the queue is full', async () => {
  const { server, url } = await standalone();
  const loop = acceptLoop(server, { maxQueued: 1 });
  const first = open(url);
  await until(() => loop.stats.queued === 1);
  const second = open(url);
  assert.equal(await second.code, 1006);
  assert.equal(loop.stats.shed, 1);
  await loop.return();
  assert.equal(await first.code, 1006);
  assert.equal(loop.stats.discarded, 1);
  assertConserved(loop.stats);
});

test(
  'are skipped when the client resets while they wait',
  async () => {
    const { server, url } = await standalone();
    const loop = acceptLoop(server);
    const { client, code } = open(url);
    await until(() => loop.stats.queued === 1);
    client.terminate();
    await code;
    await until(() => loop.stats.lost === 1);
    await loop.return();
  },
  { cannot: limits.readsWhilePaused },
);

test(
  'crash nobody with an invalid frame',
  async () => {
    const { server } = await standalone();
    const loop = acceptLoop(server);
    const { socket, ending } = await connect((server.address() as AddressInfo).port);
    socket.write(
      'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    const { value } = await loop.next();
    const closed = new Promise((resolve) => value?.[0].once('close', resolve));
    // Reserved bits and an unknown opcode.
    socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    await ending;
    await closed;
    await loop.return();
  },
  { cannot: limits.endsInvalidWebSocket },
);

test('of a server attached to another end with the loop; the other server goes on', async () => {
  const http = await listening(createServer());
  const server = new WebSocketServer({ server: http });
  const stop = new AbortController();
  const loop = acceptLoop(server, { signal: stop.signal });
  const { code } = open(`ws://127.0.0.1:${portOf(http)}`);
  const { value } = await loop.next();
  stop.abort();
  assert.equal((await loop.next()).done, true);
  assert.equal(http.listening, true);
  value?.[0].close(1001);
  assert.equal(await code, 1001);
  await new Promise((resolve) => http.close(resolve));
});

test('of a server attached to another are told once that it closes', async () => {
  const http = await listening(createServer());
  const server = new WebSocketServer({ server: http });
  const close = server.close.bind(server);
  let calls = 0;
  server.close = (callback) => {
    calls += 1;
    close(callback);
  };
  const stop = new AbortController();
  const loop = acceptLoop(server, stop.signal);
  stop.abort();
  assert.equal((await loop.next()).done, true);
  await new Promise((resolve) => http.close(resolve));
  assert.equal(calls, 1);
});

test('of a server without a listener end with it, too', async () => {
  const server = new WebSocketServer({ noServer: true });
  const stop = new AbortController();
  const loop = acceptLoop(server, stop.signal);
  stop.abort();
  assert.equal((await loop.next()).done, true);
});

test('end when somebody else closes their server, while one lives', async () => {
  const { server, url } = await standalone();
  const loop = acceptLoop(server);
  const { code } = open(url);
  const { value } = await loop.next();
  server.close();
  assert.equal((await loop.next()).done, true);
  value?.[0].close(1001);
  assert.equal(await code, 1001);
});

test.run();
