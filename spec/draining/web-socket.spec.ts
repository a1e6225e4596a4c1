import assert from 'node:assert/strict';
import { once } from 'node:events';
import { drain } from 'accept-loop';
import { WebSocket } from 'ws';
import {
  handshake,
  openClient,
  webSocketDrain,
  type WebSocketMode,
  webSocketModes,
} from '../support/drain-web-socket.ts';
import { answersIn, get, saysClose } from '../support/http-messages.ts';
import { limits } from '../support/limits.ts';
import { countsOf } from '../support/report.ts';
import { gate } from '../support/scene.ts';
import { type Client, connect, connectTls } from '../support/sockets.ts';
import { assertListed } from '../support/straggler-scene.ts';
import { suite } from '../support/suite.ts';
import { sleep, turns, until } from '../support/turns.ts';

const test = suite('drain of WebSockets');

/** A client that says only what it is told to. */
async function raw(port: number, mode: WebSocketMode): Promise<Client & { localPort: number }> {
  const client = await (mode === 'https' ? connectTls(port) : connect(port));
  return { ...client, localPort: client.socket.localPort ?? assert.fail() };
}

for (const mode of webSocketModes) {
  test(`closes its clients with 1001 (${mode}) (A44)`, async () => {
    const { client, stop, over } = await webSocketDrain({ mode });
    const clients = [await client(), await client(), await client()];
    const closed: unknown[] = [];
    for (const { webSocket } of clients) webSocket.on('close', (code) => closed.push(code));
    stop.abort();
    assert.deepEqual(await Promise.all(clients.map(({ code }) => code)), [1001, 1001, 1001]);
    const report = await over();
    const { duration } = report;
    assert.deepEqual(closed, [1001, 1001, 1001]);
    assert.deepEqual(countsOf(report), [3, 0]);
    assert.ok(duration < 1000, String(duration));
  });

  test(`closes without clientTracking those that came since (${mode}) (A44)`, async () => {
    const { client, stop, over } = await webSocketDrain({ mode, more: { clientTracking: false } });
    const clients = [await client(), await client()];
    stop.abort();
    assert.deepEqual(await Promise.all(clients.map(({ code }) => code)), [1001, 1001]);
    assert.deepEqual(countsOf(await over()), [2, 0]);
  });

  test(
    `delivers first what was sent before, to a client that reads late (${mode}) (A44)`,
    async () => {
      const { client, stop, over } = await webSocketDrain({ mode, grace: 60_000 });
      const { client: slow, webSocket, code, messages } = await client();
      slow.pause();
      const part = 'x'.repeat(2 ** 20);
      for (let index = 0; index < 16; index += 1) webSocket.send(part);
      await turns(5);
      assert.ok(webSocket.bufferedAmount > 0);
      stop.abort();
      // Longer than a client has that has been sent all.
      await sleep(1300);
      assert.equal(webSocket.readyState, WebSocket.CLOSING);
      slow.resume();
      assert.equal(await code, 1001);
      assert.equal(messages.length, 16);
      assert.ok(messages.every((message) => message === part));
      assert.deepEqual(countsOf(await over()), [1, 0]);
    },
    { cannot: mode === 'https' ? limits.pausedTls : [] },
  );

  test(`waits a second for one that never answers the close frame (${mode}) (A44)`, async () => {
    const { server, port, stop, over } = await webSocketDrain({ mode });
    const { socket, localPort, ending } = await raw(port, mode);
    const taken = once(server, 'connection');
    socket.write(handshake);
    const [webSocket] = (await taken) as [WebSocket];
    const closed = once(webSocket, 'close');
    stop.abort();
    await ending;
    assert.equal((await closed)[0], 1006);
    const report = await over();
    const { duration } = report;
    assert.deepEqual(countsOf(report), [0, 1]);
    assert.ok(duration >= 999 && duration < 3000, String(duration));
    assertListed(report, 'connection', [localPort], { leastAge: 299 });
  });

  test(`terminates it at grace, if that is earlier (${mode}) (A44, A48)`, async () => {
    const { server, port, stop, over } = await webSocketDrain({ mode, grace: 300 });
    const { socket, localPort, ending } = await raw(port, mode);
    const taken = once(server, 'connection');
    socket.write(handshake);
    await taken;
    stop.abort();
    await ending;
    const report = await over();
    const { duration } = report;
    assert.deepEqual(countsOf(report), [0, 1]);
    assert.ok(duration >= 299 && duration < 950, String(duration));
    assertListed(report, 'connection', [localPort], { leastAge: 299 });
  });

  test(`closes those with 1001 that come in the last call (${mode}) (A44)`, async () => {
    const { server, port, stop, over } = await webSocketDrain({ mode });
    const { code, open } = openClient(port, mode);
    const count = once(server, 'connection');
    stop.abort();
    await count;
    await open;
    assert.equal(await code, 1001);
    assert.deepEqual(countsOf(await over()), [1, 0]);
  });

  test(`waits a second for one that its server has paused (${mode}) (A44)`, async () => {
    const { client, stop, over } = await webSocketDrain({ mode });
    const { webSocket, code } = await client();
    webSocket.pause();
    stop.abort();
    assert.equal(await code, 1001);
    const report = await over();
    const { duration } = report;
    assert.deepEqual(countsOf(report), [0, 1]);
    assert.ok(duration < 1500, String(duration));
  });

  test(`keeps what its owner has closed it with (${mode})`, async () => {
    const { client, stop, over } = await webSocketDrain({ mode });
    const { webSocket, code } = await client();
    webSocket.close(4000, 'mine');
    stop.abort();
    assert.equal(await code, 4000);
    assert.deepEqual(countsOf(await over()), [1, 0]);
  });

  test(`outlives a client that resets meanwhile (${mode}) (A45)`, async () => {
    const { client, stop, over } = await webSocketDrain({ mode });
    const { client: resets } = await client();
    const { code } = await client();
    stop.abort();
    resets.terminate();
    assert.equal(await code, 1001);
    assert.equal((await over()).finished, 2);
  });

  test(`gives every caller the same report (${mode}) (B4)`, async () => {
    const { server, http, client, drained, over } = await webSocketDrain({ mode });
    const { code } = await client();
    const again = drain(server);
    const third = http && drain(http);
    assert.equal(await code, 1001);
    assert.equal(await again, await drained);
    if (third) assert.equal(await third, await drained);
    assert.deepEqual(countsOf(await over()), [1, 0]);
  });
}

for (const mode of ['http', 'https'] as const) {
  test(`drains the ${mode} server that it is attached to, too (A44, A28, A35)`, async () => {
    const { opened, open } = gate();
    const urls: unknown[] = [];
    const { port, client, stop, over } = await webSocketDrain({
      mode,
      idle: 300,
      async handler(request, response) {
        urls.push(request.url);
        if (request.url === '/waits') await opened;
        response.end('answer');
      },
    });
    const { code } = await client();
    const [busy, kept] = [await raw(port, mode), await raw(port, mode)];
    busy.socket.write(get('/waits'));
    kept.socket.write(get('/kept'));
    await until(() => urls.length === 2);
    stop.abort();
    assert.equal(await code, 1001);
    kept.socket.write(get('/again'));
    const { text } = await kept.ending;
    assert.deepEqual(answersIn(text).map(saysClose), [false, true]);
    open();
    assert.ok(saysClose((await busy.ending).text));
    assert.deepEqual(countsOf(await over()), [3, 0]);
  });

  test(
    `answers 503 to an upgrade that comes when the listener is closed (${mode}) (A44)`,
    async () => {
      const { http, port, client, stop, over } = await webSocketDrain({ mode, idle: 400 });
      const { code } = await client();
      const { socket, ending } = await raw(port, mode);
      socket.write(get('/first'));
      await once(socket, 'data');
      stop.abort();
      await until(() => http?.listening === false);
      socket.write(handshake);
      const { text } = await ending;
      const [, refusal = ''] = answersIn(text);
      assert.match(refusal, /^HTTP\/1\.1 503 /);
      assert.ok(saysClose(refusal));
      assert.equal(await code, 1001);
      assert.deepEqual(countsOf(await over()), [2, 0]);
    },
    { cannot: limits.idleAfterClose },
  );

  test(`leaves WebSockets to their owner until grace when only ${mode} is drained (A44)`, async () => {
    const { server, port, client, stop, over } = await webSocketDrain({
      mode,
      drains: 'http',
      grace: 300,
    });
    const { socket, localPort, ending } = await raw(port, mode);
    const taken = once(server, 'connection');
    socket.write(handshake);
    const [webSocket] = (await taken) as [WebSocket];
    await once(socket, 'data');
    const leaves = await client();
    stop.abort();
    webSocket.send('still here');
    leaves.client.close(1000);
    assert.equal(await leaves.code, 1000);
    assert.match((await ending).text, /still here$/);
    const report = await over();
    assert.deepEqual(countsOf(report), [1, 1]);
    assertListed(report, 'upgrade', [localPort], { leastAge: 299 });
  });
}

test.run();
