import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { answersIn, get } from '../support/http-messages.ts';
import { BIG, type NeverReader, requestProtocols } from '../support/never-read.ts';
import { gate } from '../support/scene.ts';
import { type ServeScene, serveScene } from '../support/serve-scene.ts';
import { connect } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { until } from '../support/turns.ts';

const test = suite('flush of HTTP responses');

/** Shorter than a look at what has ended takes to come. */
const FLUSH_MS = 100;

type Exchange = [request: IncomingMessage, response: ServerResponse];
type Handler = (exchange: Exchange) => unknown;

function answer([{ url }, response]: Exchange): void {
  response.end(url === '/big' ? BIG : `answer to ${url}`);
}

/** How a handler may leave a response that has ended. */
const styles: Readonly<Record<string, Handler>> = {
  'has resolved': async (exchange) => answer(exchange),
  'has resolved before': async (exchange) => void setTimeout(answer, 20, exchange),
  'returned nothing': (exchange) => answer(exchange),
};

for (const [name, { create, neverRead, ask, cannot }] of Object.entries(requestProtocols)) {
  const options = cannot ? { cannot } : {};

  for (const [style, handler] of Object.entries(styles)) {
    test(
      `frees the slot of a client that never reads, whose handler ${style} (${name})`,
      async () => {
        const { server, serving, errors, end } = await serveScene(create(), handler, {
          flush: FLUSH_MS,
          concurrency: 1,
        });
        const client = await neverRead(server, '/big');
        await until(() => serving.stats.active === 1);
        assert.equal(await ask(server, '/next'), 'answer to /next');
        await client.assertCut();
        const { accepted, completed, failed, forced } = await end();
        assert.deepEqual([accepted, completed + failed, forced], [2, 2, 0]);
        assert.deepEqual(errors, []);
      },
      options,
    );
  }

  test(
    `counts as completed what a handler that has resolved leaves to it (${name})`,
    async () => {
      const { server, serving, end } = await serveScene(create(), async (x) => answer(x), {
        flush: FLUSH_MS,
      });
      const client = await neverRead(server, '/big');
      await until(() => serving.stats.completed === 1);
      await client.assertCut();
      assert.equal((await end()).completed, 1);
    },
    options,
  );

  test(
    `bounds a shutdown that waits for its client (${name})`,
    async () => {
      const { server, serving, end } = await serveScene(create(), async (x) => answer(x), {
        flush: FLUSH_MS,
        grace: Infinity,
      });
      const client = await neverRead(server, '/big');
      await until(() => serving.stats.active === 1);
      const { completed, stragglers } = await end();
      await client.assertCut();
      assert.deepEqual({ completed, stragglers }, { completed: 1, stragglers: [] });
    },
    options,
  );

  // No promise says that it was: the task lasts until the client has its answer.
  test(
    `counts it as failed where the handler has returned nothing (${name})`,
    async () => {
      const { server, serving, end } = await serveScene(create(), (x) => answer(x), {
        flush: FLUSH_MS,
      });
      const client = await neverRead(server, '/big');
      await until(() => serving.stats.completed + serving.stats.failed === 1);
      await client.assertCut();
      assert.equal((await end()).failed, 1);
    },
    options,
  );
}

/** A scene, in which a client that never reads tells when flush is over. */
async function clockScene(
  handler: Handler,
): Promise<ServeScene<ReturnType<typeof createServer>> & { flushIsOver: () => Promise<void> }> {
  const scene = await serveScene(createServer(), handler, { flush: FLUSH_MS });
  const flushIsOver = async (): Promise<void> => {
    const { neverRead } = requestProtocols['http'] ?? assert.fail();
    const { accepted, completed } = scene.serving.stats;
    const client: NeverReader = await neverRead(scene.server, '/big');
    await until(() => scene.serving.stats.accepted === accepted + 1);
    await until(() => scene.serving.stats.completed === completed + 1);
    await client.assertCut();
  };
  return { ...scene, flushIsOver };
}

test('spares a pipelined response that waits for the one before it', async () => {
  const { opened, open } = gate();
  const { server, serving, flushIsOver, end } = await clockScene(async (exchange) => {
    if (exchange[0].url === '/slow') await opened;
    answer(exchange);
  });
  const { socket, ending } = await connect(server);
  socket.write(get('/slow') + get('/quick'));
  await until(() => serving.stats.active === 2);
  await flushIsOver();
  await flushIsOver();
  assert.equal(serving.stats.active, 2);
  open();
  await until(() => serving.stats.completed === 4);
  await end();
  const [slow = '', quick = ''] = answersIn((await ending).text);
  assert.match(slow, /answer to \/slow$/);
  assert.match(quick, /answer to \/quick$/);
});

test('spares a response that has not ended, such as an event stream', async () => {
  const { opened, open } = gate();
  const { server, serving, flushIsOver, end } = await clockScene(async (exchange) => {
    const [{ url }, response] = exchange;
    if (url !== '/events') return answer(exchange);
    response.write('data: first\n\n');
    await opened;
    response.end('data: last\n\n');
  });
  const { socket, ending } = await connect(server);
  socket.write(get('/events'));
  await once(socket, 'data');
  await flushIsOver();
  await flushIsOver();
  assert.equal(serving.stats.active, 1);
  open();
  await until(() => serving.stats.completed === 3);
  await end();
  assert.match((await ending).text, /data: first[^]*data: last/);
});

/** After so many bytes a slow reader pauses. */
const PART = BIG.length / 10;

test('lets a slow reader have all that needs less time', async () => {
  const { server, serving, end } = await serveScene(createServer(), async (x) => answer(x), {
    flush: 5000,
  });
  const { socket, ending } = await connect(server);
  let length = 0;
  socket.on('data', (chunk: string) => {
    const before = Math.floor(length / PART);
    length += chunk.length;
    if (Math.floor(length / PART) === before) return;
    socket.pause();
    setTimeout(() => socket.resume(), 50);
  });
  socket.write(get('/big'));
  await until(() => serving.stats.completed === 1);
  await end();
  const { text, by } = await ending;
  assert.equal(text.length - text.indexOf('\r\n\r\n') - 4, BIG.length);
  assert.equal(by, 'end');
});

test.run();
