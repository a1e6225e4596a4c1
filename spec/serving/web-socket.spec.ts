import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import {
  type ServeHandler,
  type ServeOptions,
  type ServeReport,
  type Serving,
  serve,
} from 'accept-loop';
import { WebSocket, WebSocketServer } from 'ws';
import type { IncomingMessage } from 'node:http';
import { handshake, openClient, openWebSocketServer } from '../support/drain-web-socket.ts';
import { limits } from '../support/limits.ts';
import { abortListeners, listenersOn } from '../support/listeners.ts';
import { assertReport, assertStats } from '../support/report.ts';
import { gate } from '../support/scene.ts';
import { sendBlob, SlowBlob } from '../support/slow-blob.ts';
import { closeServer, connect, listening, portOf } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { sleep, until } from '../support/turns.ts';
import { collectWarnings } from '../support/warnings.ts';

const test = suite('serve of WebSockets');

type Connection = [webSocket: WebSocket, request: IncomingMessage];

interface Scene {
  readonly port: number;
  readonly serving: Serving;
  readonly stop: AbortController;
  /** Waits for its end, and asserts that nothing is left. */
  readonly over: () => Promise<ServeReport>;
}

async function scene(
  handler: ServeHandler<Connection>,
  options: ServeOptions<Connection> = {},
): Promise<Scene> {
  const { server } = await openWebSocketServer();
  const before = listenersOn(server);
  const stop = new AbortController();
  const serving = serve(server, handler, { signal: stop.signal, ...options });
  const over = async (): Promise<ServeReport> => {
    const report = await serving.finished;
    assertReport(report);
    assertStats(serving.stats);
    // A terminated one closes a moment later.
    await until(() => server.clients.size === 0);
    assert.deepEqual(listenersOn(server), before);
    assert.equal(abortListeners(stop.signal), 0);
    return report;
  };
  return { port: portOf(server), serving, stop, over };
}

const open = (port: number, path = '/chat'): ReturnType<typeof openClient> =>
  openClient(port, 'standalone', path);

test(
  'survives an invalid frame when the handler has removed all listeners for errors',
  async () => {
    const { port, serving, stop, over } = await scene(async ([webSocket]) => {
      webSocket.removeAllListeners('error');
    });
    const { socket, ending } = await connect(port);
    socket.write(handshake);
    await until(() => serving.stats.completed === 1);
    socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    await ending;
    stop.abort();
    await over();
  },
  { cannot: limits.endsInvalidWebSocket },
);

test('says 1000 when the handler has resolved', async () => {
  const { port, serving, stop, over } = await scene(async ([webSocket, request]) => {
    webSocket.send(`welcome to ${request.url}`);
  });
  const { code, messages } = open(port);
  assert.equal(await code, 1000);
  assert.deepEqual(messages, ['welcome to /chat']);
  await until(() => serving.stats.completed === 1);
  stop.abort();
  assert.deepEqual((await over()).stragglers, []);
});

for (const way of ['throws', 'rejects'] as const) {
  test(`says 1011 when the handler ${way}, and reports it`, async () => {
    const failure = new Error('broken');
    const told: unknown[][] = [];
    const { port, stop, over } = await scene(
      () => {
        if (way === 'throws') throw failure;
        return Promise.reject(failure);
      },
      { onError: (...args) => told.push(args) },
    );
    assert.equal(await open(port).code, 1011);
    stop.abort();
    assert.equal((await over()).failed, 1);
    const [[error, connection] = assert.fail(), ...rest] = told;
    assert.equal(error, failure);
    assert.ok((connection as Connection)[0] instanceof WebSocket);
    assert.equal(rest.length, 0);
  });
}

test('lets a handler say goodbye when draining aborts', async () => {
  const { port, serving, stop, over } = await scene(async ([webSocket], { draining }) => {
    await once(draining, 'abort');
    webSocket.send(`goodbye: ${String(draining.reason)}`);
  });
  const { code, messages } = open(port);
  await until(() => serving.stats.active === 1);
  stop.abort('enough');
  assert.equal(await code, 1000);
  assert.deepEqual(messages, ['goodbye: enough']);
  const { completed, stragglers } = await over();
  assert.equal(completed, 1);
  assert.deepEqual(stragglers, []);
});

test('keeps the close code that the handler has chosen', async () => {
  const { port, stop, over } = await scene(async ([webSocket]) => webSocket.close(4000));
  assert.equal(await open(port).code, 4000);
  stop.abort();
  assert.equal((await over()).completed, 1);
});

test('terminates at grace those whose handlers do nothing about draining, and lists them', async () => {
  const { port, serving, stop, over } = await scene(() => new Promise(() => {}), { grace: 100 });
  const { code } = open(port);
  await until(() => serving.stats.active === 1);
  const begun = performance.now();
  stop.abort();
  assert.equal(await code, 1006);
  assert.ok(performance.now() - begun >= 99);
  const { forced, abandoned, stragglers } = await over();
  assert.deepEqual({ forced, abandoned }, { forced: 1, abandoned: 1 });
  const [{ age, remotePort, ...rest } = assert.fail()] = stragglers;
  const line = { method: 'GET', url: '/chat' };
  assert.deepEqual(rest, { kind: 'connection', remoteAddress: '127.0.0.1', ...line });
  assert.ok(typeof remotePort === 'number' && age >= 99);
  assert.equal(stragglers.length, 1);
});

test('waits no longer than linger for a client that never answers the close frame', async () => {
  const { port, serving, stop, over } = await scene(async () => {}, { linger: 200 });
  const { socket, ending } = await connect(port);
  socket.write(handshake);
  await until(() => serving.stats.completed === 1);
  const begun = performance.now();
  stop.abort();
  await ending;
  const { completed, stragglers } = await over();
  assert.ok(performance.now() - begun < 1500);
  assert.equal(completed, 1);
  assert.deepEqual(stragglers, []);
});

test('sends all that the handler has sent, to a client that reads late', async () => {
  const length = 4 * 2 ** 20;
  const { port, serving, stop, over } = await scene(async ([webSocket]) => {
    for (let part = 0; part < 4; part += 1) webSocket.send(Buffer.alloc(length / 4, 120));
  });
  const { client, code, messages } = open(port);
  client.once('open', () => client.pause());
  await until(() => serving.stats.completed === 1);
  stop.abort();
  await sleep(200);
  client.resume();
  assert.equal(await code, 1000);
  assert.equal(messages.join('').length, length);
  assert.deepEqual((await over()).stragglers, []);
});

test('sends what is not even ready to be sent when the handler has resolved', async () => {
  const { opened, open: read } = gate();
  const { port, serving, stop, over } = await scene(
    async ([webSocket]) => {
      sendBlob(webSocket, new SlowBlob(['late'], opened));
      // What is sent behind the goodbye never leaves, and is counted.
      setTimeout(() => webSocket.send('too late', () => {}), 50);
    },
    { linger: 50 },
  );
  const { code, messages } = open(port);
  await until(() => serving.stats.completed === 1);
  // Longer than a client has that has been sent all.
  await sleep(500);
  read();
  assert.equal(await code, 1000);
  assert.deepEqual(messages, ['late']);
  stop.abort();
  assert.deepEqual((await over()).stragglers, []);
});

test('takes handlers that return nothing', async () => {
  const { port, serving, stop, over } = await scene(([webSocket]) => {
    webSocket.on('message', (message: Buffer) => {
      webSocket.send(`echo of ${message.toString()}`);
    });
  });
  const { client, code, messages } = open(port);
  client.once('open', () => client.send('hello'));
  await until(() => messages.length === 1);
  assert.deepEqual(messages, ['echo of hello']);
  assert.equal(serving.stats.active, 1);
  client.close(1000);
  assert.equal(await code, 1000);
  await until(() => serving.stats.completed === 1);
  stop.abort();
  await over();
});

test('aborts signal when the client leaves, and not when the handler has closed', async () => {
  const reasons: unknown[] = [];
  const { port, serving, stop, over } = await scene(async ([webSocket, request], { signal }) => {
    if (request.url === '/chat') await once(signal, 'abort');
    else {
      webSocket.close();
      await once(webSocket, 'close');
    }
    reasons.push(signal.aborted && signal.reason);
  });
  const { client } = open(port);
  await until(() => serving.stats.active === 1);
  client.terminate();
  await until(() => serving.stats.completed === 1);
  assert.ok(reasons[0] instanceof Error);
  await open(port, '/other').code;
  await until(() => serving.stats.completed === 2);
  assert.equal(reasons[1], false);
  stop.abort();
  await over();
});

test(
  'counts an invalid frame as failed in callback style, and reports nothing',
  async () => {
    const { port, serving, stop, over } = await scene(() => {}, {
      onError: () => assert.fail('it is no news'),
    });
    const { socket, ending } = await connect(port);
    socket.write(handshake);
    await until(() => serving.stats.active === 1);
    // Reserved bits and an unknown opcode.
    socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    await ending;
    await until(() => serving.stats.failed === 1);
    stop.abort();
    await over();
  },
  { cannot: limits.endsInvalidWebSocket },
);

test('loses no message that comes before its handler runs', async () => {
  const { opened, open: openGate } = gate();
  const received: string[] = [];
  const { port, serving, stop, over } = await scene(
    async ([webSocket]) => {
      webSocket.on('message', (message: Buffer) => received.push(message.toString()));
      await Promise.race([opened, once(webSocket, 'close')]);
    },
    { concurrency: 1 },
  );
  const first = open(port);
  await until(() => serving.stats.active === 1);
  const second = open(port);
  second.client.once('open', () => second.client.send('early'));
  await until(() => serving.stats.queued === 1);
  first.client.close();
  await until(() => received.length === 1);
  openGate();
  assert.equal(await second.code, 1000);
  stop.abort();
  assert.equal((await over()).completed, 2);
});

test('leaves the HTTP server alone that it is attached to', async () => {
  const http = await listening(createServer((_, response) => void response.end('http')));
  const server = new WebSocketServer({ server: http });
  const serving = serve(server, async ([webSocket]) => webSocket.send('hello'));
  const { code, messages } = open(portOf(http));
  assert.equal(await code, 1000);
  assert.deepEqual(messages, ['hello']);
  void serving.stop();
  assertReport(await serving.finished);
  assert.equal(http.listening, true);
  await closeServer(http);
});

test('aborts the signal of a handler in callback style when its client has left', async () => {
  const signals: AbortSignal[] = [];
  const { port, stop, over } = await scene((_, { signal }) => void signals.push(signal));
  const { client, code } = open(port);
  await until(() => signals.length === 1);
  client.close();
  await code;
  await until(() => signals[0]?.aborted === true);
  stop.abort();
  assert.equal((await over()).completed, 1);
});

test('lingers if a getter of its owner throws while it is sent', async () => {
  const { warnings, stopCollecting } = collectWarnings();
  const { port, stop, over } = await scene(
    ([webSocket]) => {
      webSocket.send(Buffer.alloc(64 << 20));
      let reads = 0;
      Object.defineProperty(webSocket, 'bufferedAmount', {
        get() {
          reads += 1;
          if (reads > 1) throw new Error('the getter');
          return 1;
        },
      });
      return Promise.resolve();
    },
    { linger: 100 },
  );
  const { client, open: opened } = open(port);
  await opened;
  client.pause();
  stop.abort();
  const { completed } = await over();
  assert.equal(completed, 1);
  stopCollecting();
  assert.deepEqual(
    warnings.map(({ message }) => message),
    ['the getter'],
  );
  client.terminate();
});

test.run();
