import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectRaw } from 'node:net';
import { drain } from 'accept-loop';
import { type WebSocket } from 'ws';
import {
  handshake,
  openClient,
  openWebSocketServer,
  webSocketDrain,
  webSocketModes,
} from '../support/drain-web-socket.ts';
import { limits } from '../support/limits.ts';
import { gate } from '../support/scene.ts';
import { sendBlob, SlowBlob } from '../support/slow-blob.ts';
import { portOf } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { ask, assertServed, IDLE_MS, talk } from '../support/talk.ts';
import { sleep, turns, until } from '../support/turns.ts';

const test = suite('drain of WebSockets in conversation');

for (const mode of webSocketModes) {
  test(`waits for an answer, and tells who is silent at once (${mode})`, async () => {
    const { asks, silent, stop, over } = await talk({ mode });
    stop.abort();
    assert.equal(await silent.code, 1001);
    asks.webSocket.send('answer');
    assert.equal(await asks.code, 1001);
    assert.deepEqual(asks.messages, ['answer']);
    const report = await over();
    assertServed(report, 2);
    assert.ok(report.duration < 2 * IDLE_MS + 1000, String(report.duration));
  });

  test(`tells a client that never stops talking when idle is over (${mode})`, async () => {
    const { client, stop, over } = await webSocketDrain({ mode, idle: 300 });
    const { client: talks, webSocket, code, messages } = await client();
    webSocket.on('message', (message) => webSocket.send(message));
    talks.on('message', (message) => talks.send(message));
    talks.send('again');
    await until(() => messages.length > 2);
    stop.abort();
    const told = messages.length;
    assert.equal(await code, 1001);
    assert.ok(messages.length > told + 2, String(messages.length));
    const report = await over();
    assertServed(report, 1);
    assert.ok(report.duration >= 298 && report.duration < 1500, String(report.duration));
  });

  test(`tells one at once that only sends pings, and is sent some (${mode})`, async () => {
    const idle = 3000;
    const { client, stop, over } = await webSocketDrain({ mode, idle });
    const { client: pings, webSocket, code } = await client();
    const answered = [once(pings, 'pong'), once(webSocket, 'pong')];
    pings.ping('are you there?');
    webSocket.ping('and you?');
    await Promise.all(answered);
    const begun = performance.now();
    stop.abort();
    assert.equal(await code, 1001);
    const took = performance.now() - begun;
    assert.ok(took < idle, String(took));
    assertServed(await over(), 1);
  });
}

test(
  'knows a message that comes in parts, of which the first has arrived',
  async () => {
    const { client, stop, over } = await webSocketDrain({ idle: IDLE_MS });
    const [asks, silent] = [await client(), await client()];
    const heard = once(asks.webSocket, 'message');
    asks.client.send('quest', { fin: false });
    // What comes later has been read later.
    const pong = once(asks.client, 'pong');
    asks.client.ping();
    await pong;
    stop.abort();
    assert.equal(await silent.code, 1001);
    asks.client.send('ion', { fin: true });
    assert.equal(String((await heard)[0]), 'question');
    asks.webSocket.send('answer');
    assert.equal(await asks.code, 1001);
    assert.deepEqual(asks.messages, ['answer']);
    assertServed(await over(), 2);
  },
  { cannot: limits.webSocketBytes },
);

test('waits for an answer that is compressed', async () => {
  const perMessageDeflate = { threshold: 0 };
  const { asks, silent, stop, over } = await talk({ more: { perMessageDeflate } });
  stop.abort();
  assert.equal(await silent.code, 1001);
  const answer = 'answer'.repeat(10_000);
  asks.webSocket.send(answer);
  assert.equal(await asks.code, 1001);
  assert.deepEqual(asks.messages, [answer]);
  assertServed(await over(), 2);
});

test(
  'waits for an answer whose owner has taken all listeners off',
  async () => {
    const { client, stop, drained } = await webSocketDrain({ idle: IDLE_MS });
    const [asks, silent] = [await client(), await client()];
    asks.webSocket.removeAllListeners();
    await ask(asks);
    stop.abort();
    assert.equal(await silent.code, 1001);
    asks.webSocket.send('answer');
    assert.equal(await asks.code, 1001);
    assert.deepEqual(asks.messages, ['answer']);
    assertServed(await drained, 2);
  },
  { cannot: limits.webSocketBytes },
);

test('waits for an answer that is not even ready to be sent', async () => {
  const { client, stop, over } = await webSocketDrain({ idle: 0 });
  const { webSocket, code, messages } = await client();
  const { opened, open } = gate();
  sendBlob(webSocket, new SlowBlob(['late'], opened));
  stop.abort();
  // Longer than a client has that has been sent all.
  await sleep(1500);
  open();
  assert.equal(await code, 1001);
  assert.deepEqual(messages, ['late']);
  assertServed(await over(), 1);
});

test('waits without clientTracking, too', async () => {
  const { asks, silent, stop, over } = await talk({ more: { clientTracking: false } });
  stop.abort();
  assert.equal(await silent.code, 1001);
  asks.webSocket.send('answer');
  assert.equal(await asks.code, 1001);
  assert.deepEqual(asks.messages, ['answer']);
  assertServed(await over(), 2);
});

test('has each sentence of an answer count as life, and says goodbye after the last', async () => {
  const { asks, silent, stop, over } = await talk({ idle: 600 });
  // Half of idle has passed at the abort.
  await sleep(300);
  stop.abort();
  assert.equal(await silent.code, 1001);
  for (let index = 0; index < 4; index += 1) {
    asks.webSocket.send(String(index));
    // oxlint-disable-next-line no-await-in-loop -- One at a time.
    await sleep(110);
  }
  assert.equal(await asks.code, 1001);
  assert.deepEqual(asks.messages, ['0', '1', '2', '3']);
  assertServed(await over(), 2);
});

test('waits for no answer with idle 0', async () => {
  const { asks, silent, stop, over } = await talk({ idle: 0 });
  stop.abort();
  assert.deepEqual([await asks.code, await silent.code], [1001, 1001]);
  const report = await over();
  assertServed(report, 2);
  assert.ok(report.duration < IDLE_MS, String(report.duration));
});

test(
  'tells everybody in time to answer the close frame when grace is shorter than idle',
  async () => {
    const { asks, silent, stop, over } = await talk({ idle: 5000, grace: 1600 });
    stop.abort();
    assert.equal(await silent.code, 1001);
    asks.webSocket.send('answer');
    assert.equal(await asks.code, 1001);
    assert.deepEqual(asks.messages, ['answer']);
    const report = await over();
    assertServed(report, 2);
    assert.ok(report.duration >= 799 && report.duration < 1600, String(report.duration));
  },
  { cannot: limits.idleAfterClose },
);

test('tells who is waiting still when the end by force comes', async () => {
  const { server, asks, silent, stop, over } = await talk({ idle: 60_000, grace: 120_000 });
  stop.abort();
  assert.equal(await silent.code, 1001);
  await until(() => server.clients.size === 1);
  void drain(server, { grace: 0 });
  assert.equal(await asks.code, 1001);
  const { finished, forced } = await over();
  assert.deepEqual({ finished, forced }, { finished: 1, forced: 1 });
});

test('gives clients from before the call the time of an answer', async () => {
  const { server } = await openWebSocketServer();
  const taken = once(server, 'connection') as Promise<[WebSocket]>;
  const { client, code, messages } = openClient(portOf(server), 'standalone');
  const [webSocket] = await taken;
  const heard = once(webSocket, 'message');
  await once(client, 'open');
  client.send('question');
  await heard;
  const drained = drain(server, { idle: IDLE_MS });
  await until(() => server.address() === null);
  await turns(20);
  webSocket.send('answer');
  assert.equal(await code, 1001);
  assert.deepEqual(messages, ['answer']);
  assertServed(await drained, 1);
});

test('waits on a paused client no longer than idle', async () => {
  const { asks, silent, stop, over } = await talk({ idle: 300 });
  asks.webSocket.pause();
  stop.abort();
  assert.equal(await silent.code, 1001);
  asks.webSocket.resume();
  assert.equal(await asks.code, 1001);
  assertServed(await over(), 2);
});

test(
  'cuts a client off that does not answer, though it is sent more behind the goodbye',
  async () => {
    const { server, port, stop, over } = await webSocketDrain({ grace: Infinity });
    const connected = once(server, 'connection') as Promise<[WebSocket]>;
    // It reads, and answers no close frame.
    const client = connectRaw({ port, host: '127.0.0.1' }).on('error', () => {});
    client.write(handshake);
    client.resume();
    const [webSocket] = await connected;
    const feed = setInterval(() => webSocket.send('news', () => {}), 20);
    stop.abort();
    const { forced, duration } = await over();
    clearInterval(feed);
    assert.equal(forced, 1);
    assert.ok(duration < 5000, String(duration));
  },
  { cannot: limits.webSocketBytes },
);

test.run();
