import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  Agent,
  createServer,
  request as send,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { PassThrough } from 'node:stream';
import { limits } from '../support/limits.ts';
import { certificate } from '../support/certificate.ts';
import { answersIn, get, post, saysClose } from '../support/http-messages.ts';
import { gate } from '../support/scene.ts';
import { serveScene } from '../support/serve-scene.ts';
import { connect, connectTls, portOf } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { turns, until, untilAborted } from '../support/turns.ts';

const test = suite('serve of HTTP');

/** Asks over an agent, and reads the whole answer. */
async function ask(port: number, path: string, agent: Agent): Promise<string> {
  const request = send({ port, host: '127.0.0.1', path, agent });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response as AsyncIterable<Buffer>) body += String(chunk);
  return body;
}

test('hands each request to the handler, with its response and a context', async () => {
  const { server, serving, end } = await serveScene(
    createServer(),
    async ([request, response], { signal, draining }) => {
      assert.equal(signal.aborted || draining.aborted, false);
      response.end(`you asked for ${request.url}`);
    },
  );
  const { socket, ending } = await connect(server);
  socket.write(get('/a') + get('/b'));
  await until(() => serving.stats.completed === 2);
  const report = await end();
  assert.equal(report.completed, 2);
  assert.deepEqual(report.stragglers, []);
  assert.match((await ending).text, /you asked for \/a[^]*you asked for \/b/);
});

test('hands requests over TLS to it, too', async () => {
  const { server, serving, end } = await serveScene(
    createSecureServer(certificate),
    async ([request, response]) => void response.end(`secret of ${request.url}`),
  );
  const { socket, ending } = await connectTls(server);
  socket.write(get('/a'));
  await until(() => serving.stats.completed === 1);
  const { accepted, stragglers } = await end();
  assert.equal(accepted, 1);
  assert.deepEqual(stragglers, []);
  assert.match((await ending).text, /secret of \/a/);
});

test('has a task last until its response has closed, though the handler has returned', async () => {
  const source = new PassThrough();
  const { server, serving, end } = await serveScene(createServer(), async ([, response]) => {
    source.pipe(response);
  });
  const { socket, ending } = await connect(server);
  socket.write(get('/'));
  source.write('a beginning');
  await once(socket, 'data');
  await turns(5);
  assert.equal(serving.stats.active, 1);
  const over = end();
  await turns(5);
  assert.equal(serving.stats.active, 1);
  source.end(' and an end');
  assert.equal((await over).completed, 1);
  assert.match((await ending).text, /a beginning[^]*and an end/);
});

test('takes handlers that return nothing', async () => {
  const { server, serving, end } = await serveScene(createServer(), ([, response]) => {
    setTimeout(() => response.end('later'), 10);
  });
  const { socket, ending } = await connect(server);
  socket.write(get('/'));
  await until(() => serving.stats.active === 1);
  const { completed } = await end();
  assert.equal(completed, 1);
  assert.match((await ending).text, /later/);
});

test('counts as failed what a client leaves before a handler that returns nothing has answered', async () => {
  const { server, serving, errors, end } = await serveScene(createServer(), () => {});
  const { socket } = await connect(server);
  socket.write(get('/'));
  await until(() => serving.stats.active === 1);
  socket.destroy();
  await until(() => serving.stats.failed === 1);
  await end();
  assert.deepEqual(errors, []);
});

for (const way of ['throws', 'rejects'] as const) {
  test(`answers 500 when the handler ${way} before the headers are sent`, async () => {
    const failure = new Error('broken');
    const told: unknown[][] = [];
    const handler = ([{ url }, response]: [IncomingMessage, ServerResponse]): unknown => {
      if (url !== '/broken') return response.end('fine');
      response.statusCode = 201;
      response.statusMessage = 'Made';
      response.setHeader('content-length', 1000);
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      if (way === 'throws') throw failure;
      return Promise.reject(failure);
    };
    const { server, serving, end } = await serveScene(createServer(), handler, {
      onError: (...args) => told.push(args),
    });
    const other = await connect(server);
    const { socket, ending } = await connect(server);
    socket.write(get('/broken'));
    await until(() => serving.stats.failed === 1);
    socket.write(get('/again'));
    other.socket.write(get('/other'));
    await until(() => serving.stats.completed === 2);
    const { failed } = await end();
    assert.equal(failed, 1);
    const [first = '', second = ''] = answersIn((await ending).text);
    assert.match(first, /^HTTP\/1\.1 500 Internal Server Error\r\n/);
    assert.doesNotMatch(first, /set-cookie|content-length: 1000|connection: close/i);
    assert.match(second, /^HTTP\/1\.1 200 OK\r\n[^]*fine/);
    assert.match((await other.ending).text, /fine/);
    assert.equal(told.length, 1);
    const [[error, [request]]] = told as [[unknown, [IncomingMessage]]];
    assert.equal(error, failure);
    assert.equal(request.url, '/broken');
  });
}

test('destroys the connection when the handler fails after the headers are sent', async () => {
  const failure = new Error('broken in the middle');
  const { server, serving, errors, end } = await serveScene(
    createServer(),
    async ([, response]) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('the first half');
      await turns(3);
      throw failure;
    },
  );
  const { socket, ending } = await connect(server);
  socket.write(get('/'));
  const { text } = await ending;
  assert.match(text, /^HTTP\/1\.1 200 [^]*the first half$/);
  assert.equal(serving.stats.failed, 1);
  assert.deepEqual(errors, [failure]);
  await end();
});

/** A server with one slot, whose handlers answer when they are told to. */
async function oneSlot(maxQueued: number) {
  const { opened, open } = gate();
  const scene = await serveScene(
    createServer(),
    async ([, response]) => {
      await opened;
      response.end('served');
    },
    { concurrency: 1, maxQueued },
  );
  return { ...scene, open };
}

test('answers 503 to what is too much', async () => {
  const { server, serving, end, open } = await oneSlot(1);
  const clients = [];
  for (const count of [1, 2, 3]) {
    const client = await connect(server);
    client.socket.write(get(`/${count}`));
    await until(() => serving.stats.accepted === count);
    clients.push(client);
  }
  const { shed, queued, active } = serving.stats;
  assert.deepEqual({ shed, queued, active }, { shed: 1, queued: 1, active: 1 });
  const { text } = await (clients[2] ?? assert.fail()).ending;
  assert.match(text, /^HTTP\/1\.1 503 /);
  assert.match(text, /\r\nretry-after: \d+\r\n/i);
  assert.ok(saysClose(text));
  open();
  await until(() => serving.stats.completed === 2);
  assert.equal((await end()).shed, 1);
});

test(
  'answers 503 to what is too much, also if a client sends all of its body before it reads',
  async () => {
    const { server, serving, end, open } = await oneSlot(0);
    const busy = await connect(server);
    busy.socket.write(get('/'));
    await until(() => serving.stats.active === 1);
    const { socket, ending } = await connect(server);
    socket.pause();
    const body = Buffer.alloc(8 << 20);
    socket.write(`POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n`);
    await new Promise((resolve) => socket.write(body, resolve));
    socket.resume();
    const { text } = await ending;
    assert.match(text, /^HTTP\/1\.1 503 /);
    assert.ok(saysClose(text));
    open();
    await until(() => serving.stats.completed === 1);
    assert.equal((await end()).shed, 1);
  },
  { cannot: limits.endOfEarlyAnsweredUpload },
);

test('runs no more than concurrency allows, in order of arrival', async () => {
  let running = 0;
  let most = 0;
  const order: unknown[] = [];
  const { opened, open } = gate();
  const { server, serving, end } = await serveScene(
    createServer(),
    async ([request, response]) => {
      order.push(request.url);
      running += 1;
      most = Math.max(most, running);
      await opened;
      await turns(3);
      running -= 1;
      response.end();
    },
    { concurrency: 2 },
  );
  const paths = Array.from({ length: 10 }, (_, index) => `/${index}`);
  for (const [index, path] of paths.entries()) {
    const { socket } = await connect(server);
    socket.write(get(path));
    await until(() => serving.stats.accepted === index + 1);
  }
  open();
  await until(() => serving.stats.completed === 10);
  assert.equal(most, 2);
  assert.deepEqual(order, paths);
  await end();
});

test('counts as lost a request whose client leaves while it waits', async () => {
  const { opened, open } = gate();
  const { server, serving, end } = await serveScene(
    createServer(),
    async ([, response]) => {
      await opened;
      response.end();
    },
    { concurrency: 1 },
  );
  const first = await connect(server);
  first.socket.write(get('/first'));
  await until(() => serving.stats.active === 1);
  const second = await connect(server);
  second.socket.write(get('/second'));
  await until(() => serving.stats.queued === 1);
  second.socket.destroy();
  await until(() => serving.stats.lost === 1);
  open();
  const { completed, lost } = await end();
  assert.deepEqual({ completed, lost }, { completed: 1, lost: 1 });
});

test('aborts signal when the client leaves before the response is ended', async () => {
  const reasons: unknown[] = [];
  const { server, serving, errors, end } = await serveScene(
    createServer(),
    async (_, { signal }) => {
      reasons.push(await untilAborted(signal));
      throw signal.reason;
    },
  );
  const { socket } = await connect(server);
  socket.write(get('/'));
  await until(() => serving.stats.active === 1);
  socket.destroy();
  await until(() => serving.stats.failed === 1);
  assert.ok(reasons[0] instanceof Error);
  assert.deepEqual(errors, []);
  await end();
});

test('does not abort it when the handler has ended the response', async () => {
  const aborted: boolean[] = [];
  const { server, serving, end } = await serveScene(
    createServer(),
    async ([, response], { signal }) => {
      response.end('done');
      await once(response, 'close');
      await turns(3);
      aborted.push(signal.aborted);
    },
  );
  const { socket, ending } = await connect(server);
  socket.write(get('/'));
  await until(() => serving.stats.completed === 1);
  assert.deepEqual(aborted, [false]);
  await end();
  await ending;
});

test('counts an upload that its client breaks off as failed, and does not report it', async () => {
  const { server, serving, errors, end } = await serveScene(
    createServer(),
    async ([request, response]) => {
      let length = 0;
      for await (const chunk of request as AsyncIterable<Buffer>) length += chunk.length;
      response.end(String(length));
    },
  );
  const { socket } = await connect(server);
  socket.write(post('/', 100) + 'half');
  await until(() => serving.stats.active === 1);
  socket.destroy();
  await until(() => serving.stats.failed === 1);
  assert.deepEqual(errors, []);
  await end();
});

test('serves a keep-alive client over one connection', async () => {
  const ports = new Set<number | undefined>();
  const { server, end } = await serveScene(createServer(), async ([request, response]) => {
    ports.add(request.socket.remotePort);
    response.end(request.url);
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (const path of ['/1', '/2', '/3']) {
    assert.equal(await ask(portOf(server), path, agent), path);
  }
  assert.equal((await end()).completed, 3);
  assert.equal(ports.size, 1);
  agent.destroy();
});

test('ends the connection when not even a failure can be answered', async () => {
  const { server, serving, end } = await serveScene(
    createServer(),
    async ([, response]) => {
      response.writeHead = () => {
        throw new Error('middleware');
      };
      throw new Error('handler');
    },
    { onError() {} },
  );
  const { socket, ending } = await connect(server);
  socket.write(get('/'));
  await ending;
  await until(() => serving.stats.failed === 1);
  await end();
});

test('survives a handler that fails in one branch and answers in another', async () => {
  const { server, serving, errors, end } = await serveScene(
    createServer(),
    async ([, response]) => {
      const late = async (): Promise<void> => {
        for (let count = 0; count < 8; count += 1) await Promise.resolve();
        response.end('late');
      };
      await Promise.all([late(), Promise.reject(new Error('one branch'))]);
    },
  );
  const { socket, ending } = await connect(server);
  socket.end(get('/'));
  assert.match((await ending).text, /^HTTP\/1\.1 500 /);
  await until(() => serving.stats.failed === 1);
  assert.equal(errors.length, 1);
  await end();
});

test.run();
