import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createSecureServer, createServer as createHttp2 } from 'node:http2';
import type { Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import autocannon from 'autocannon';
import express from 'express';
import { WebSocket, WebSocketServer } from 'ws';
import { certificate } from '../support/certificate.ts';
import { drainLater } from '../support/frameworks-drain.ts';
import { limits } from '../support/limits.ts';
import { killPrograms, startProgram } from '../support/programs.ts';
import { listening, portOf } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { until } from '../support/turns.ts';

const test = suite('clients of a server that drains', { timeout: 30_000 });
test.after.each(killPrograms);

const CLIENTS = 20;
const DRAINS = 3;

/** Requests of a client, on the average, after which a server counts as busy. */
const WARM = 5;

const cannot = [limits.idleAfterClose, limits.requestAfterClose];

const app = express();
app.get('/{:number}', async (_request, response) => {
  await delay(Math.random() * 5);
  response.send('hello');
});

/** Each time with a server of its own, at the same time. */
async function drains(round: () => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: DRAINS }, round));
}

/** Waits until a server has had many requests, of all clients; tells how many it has had. */
async function busy(server: Server): Promise<() => number> {
  let count = 0;
  const ports = new Set<number | undefined>();
  server.on('request', ({ socket }: IncomingMessage) => {
    count += 1;
    ports.add(socket.remotePort);
  });
  await until(() => ports.size >= CLIENTS && count >= WARM * CLIENTS);
  return () => count;
}

/** Asks again and again, with a pause, until it gets no answer; tells what each answer said. */
async function curl(port: number): Promise<string[]> {
  const quiet = ['--silent', '--noproxy', '*', '--output', '/dev/null'];
  const format = ['--write-out', '%{http_code} %header{connection}\\n'];
  const url = `http://127.0.0.1:${port}/[1-2000]`;
  const args = [...quiet, ...format, '--rate', '60/s', '--fail-early', url];
  const { stdout } = await startProgram('curl', args).ending;
  return stdout.trimEnd().split('\n');
}

test(
  'of which each is curl get an answer to each request until one says close',
  async () => {
    await drains(async () => {
      const server = await listening(createServer(app));
      const { stop, over } = drainLater(server);
      const running = Promise.all(Array.from({ length: CLIENTS }, () => curl(portOf(server))));
      await busy(server);
      await stop();
      for (const answers of await running) {
        const told = answers.indexOf('200 close');
        assert.ok(told >= 0, String(answers));
        assert.ok(answers.slice(0, told).every((answer) => answer === '200 keep-alive'));
        // It comes back at once, and may be in time for the last call.
        assert.ok(answers.slice(told, -1).every((answer) => answer === '200 close'));
        assert.equal(answers.at(-1), '000');
      }
      await over();
    });
  },
  { cannot, needs: 'curl' },
);

/** A client of autocannon goes on at once, on a new connection; ours does what it is told. */
function leaveWhenTold(client: autocannon.Client): void {
  let isLast = false;
  client.on('headers', ({ headers }) => {
    const list = headers as unknown as string[];
    isLast ||= list.some((name, at) => /^connection$/i.test(name) && list[at + 1] === 'close');
  });
  client.on('response', () => {
    if (isLast) (client as unknown as { destroy: () => void }).destroy();
  });
}

test(
  'of autocannon get no error, reset or late answer',
  async () => {
    await drains(async () => {
      const server = await listening(createServer(app));
      const { stop, over } = drainLater(server);
      const running = autocannon({
        url: `http://127.0.0.1:${portOf(server)}/`,
        connections: CLIENTS,
        duration: 10,
        setupClient: leaveWhenTold,
      });
      const requests = await busy(server);
      await stop();
      const { errors, timeouts, mismatches, resets, non2xx, '2xx': answered } = await running;
      assert.deepEqual([errors, timeouts, mismatches, resets, non2xx], [0, 0, 0, 0, 0]);
      assert.equal(answered, requests());
      await over();
    });
  },
  { cannot },
);

const http2Servers: Record<string, (listener: RequestListener) => Server> = {
  h2c: (listener) => createHttp2(listener as never),
  h2: (listener) => createSecureServer(certificate, listener as never),
};

async function assertH2load(
  protocol: string,
  create: (listener: RequestListener) => Server,
): Promise<void> {
  const server = await listening(
    create((_request, response) => {
      void delay(Math.random() * 5).then(() => response.end('hello'));
    }),
  );
  const { stop, over } = drainLater(server);
  const scheme = protocol === 'h2' ? 'https' : 'http';
  const url = `${scheme}://127.0.0.1:${portOf(server)}/`;
  // It ends when its time is over, in seconds, whatever the server does. On a busy machine, its TLS
  // clients take seconds to connect, and the drain must be over before it is.
  const args = ['--clients', String(CLIENTS), '--max-concurrent-streams', '4'];
  const { ending } = startProgram('h2load', [...args, '--duration', '8', url]);
  const requests = await busy(server);
  await stop();
  await over();
  const { stdout } = await ending;
  // What crosses the GOAWAY is refused, and nobody has seen it.
  const [, succeeded] = / (\d+) succeeded,/.exec(stdout) ?? assert.fail(stdout);
  assert.equal(Number(succeeded), requests(), `${protocol} ${stdout}`);
}

test(
  'of h2load get an answer to each request that has come: h2c and h2',
  async () => {
    const protocols = Object.entries(http2Servers);
    await drains(async () => {
      await Promise.all(protocols.map(([protocol, create]) => assertH2load(protocol, create)));
    });
  },
  { needs: 'h2load' },
);

test('of ws are closed with 1001, and those of its HTTP server drained', async () => {
  await drains(async () => {
    const server = await listening(createServer(app));
    const webSocketServer = new WebSocketServer({ server });
    webSocketServer.on('connection', (webSocket) => {
      webSocket.on('message', (message, isBinary) => {
        webSocket.send(message, { binary: isBinary });
      });
    });
    const { stop, over } = drainLater(server, webSocketServer);
    const url = `ws://127.0.0.1:${portOf(server)}`;
    const clients = Array.from({ length: CLIENTS }, async () => {
      const webSocket = new WebSocket(url);
      const closed = once(webSocket, 'close') as Promise<[code: number, reason: Buffer]>;
      await once(webSocket, 'open');
      webSocket.send('hello');
      const [message] = (await once(webSocket, 'message')) as [Buffer];
      assert.equal(String(message), 'hello');
      return async () => (await closed)[0];
    });
    const closings = await Promise.all(clients);
    await stop();
    const codes = await Promise.all(closings.map((closing) => closing()));
    assert.deepEqual(new Set(codes), new Set([1001]));
    await over();
  });
});

test.run();
