/**
 * What a test of somebody's server does, for test runners of any kind: each step talks to a server
 * on real sockets, and leaves nothing that would keep the runner from its end.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttp, get } from 'node:http';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  acceptLoop,
  delaySignal,
  drain,
  listen,
  serve,
  shutdownSignal,
  taskGroup,
} from 'accept-loop';

const where = { port: 0, host: '127.0.0.1' };

function hear(server) {
  return text(connect(server.address().port, '127.0.0.1'));
}

async function ask(server) {
  const request = get({ ...where, port: server.address().port, agent: false });
  const [response] = await once(request, 'response');
  return await text(response);
}

/** As compiled code finds it where the realm has no such symbol. */
async function dispose(thing, name) {
  await thing[Symbol[name] ?? Symbol.for(`Symbol.${name}`)]();
}

async function answer([, response], { draining }) {
  response.end(String(draining.aborted));
}

async function fail(socket, { signal }) {
  socket.end(String(signal.aborted));
  throw new Error('a bug, which is a process warning');
}

export const steps = {
  async acceptLoop() {
    const server = await listen(createServer(), where);
    const loop = acceptLoop(server, { signal: new AbortController().signal });
    const heard = hear(server);
    for await (const socket of loop) {
      socket.end('hello');
      break;
    }
    assert.equal(await heard, 'hello');
    await dispose(loop, 'asyncDispose');
    assert.equal(server.listening, false);
  },

  async 'serve, by a signal'() {
    const stop = new AbortController();
    const server = await listen(createServer(), where, { signal: stop.signal });
    const signal = delaySignal(stop.signal, 1);
    const serving = serve(server, async (socket) => void socket.end('hello'), { signal });
    assert.equal(await hear(server), 'hello');
    stop.abort();
    const { completed } = await serving.finished;
    assert.equal(completed, 1);
  },

  async 'serve over HTTP, by disposal'() {
    const server = await listen(createHttp(), where);
    const serving = serve(server, answer, { signal: new AbortController().signal, idle: 0 });
    assert.equal(await ask(server), 'false');
    await dispose(serving, 'asyncDispose');
    const { completed } = await serving.finished;
    assert.equal(completed, 1);
  },

  async 'serve, with a handler that fails'() {
    const server = await listen(createServer(), where);
    const serving = serve(server, fail);
    await hear(server).catch(() => {});
    const { failed } = await serving.stop();
    assert.equal(failed, 1);
  },

  async drain() {
    const stop = new AbortController();
    const server = createHttp((request, response) => response.end('hello'));
    const drained = drain(server, { signal: stop.signal, idle: 0 });
    await listen(server, where);
    assert.equal(await ask(server), 'hello');
    stop.abort();
    const { forced } = await drained;
    assert.equal(forced, 0);
  },

  async taskGroup() {
    const { signal } = new AbortController();
    const done = await taskGroup(
      async ({ run }) => {
        const results = await Promise.all([run(async () => 1), run(() => 2)]);
        return results.join();
      },
      { signal },
    );
    assert.equal(done, '1,2');
    const failure = new Error('a failure');
    const failed = taskGroup(
      ({ run }) => {
        void run(() => Promise.reject(failure));
      },
      { signal },
    );
    await assert.rejects(failed, (error) => error === failure);
  },

  async 'listen, called off'() {
    const reason = new Error('called off');
    const { signal } = new AbortController();
    const stop = new AbortController();
    const server = await listen(createServer(), where, { signal });
    const other = listen(createServer(), where, { signal: stop.signal });
    stop.abort(reason);
    await assert.rejects(other, (error) => error === reason);
    const loop = acceptLoop(server);
    await loop.return();
  },

  async shutdownSignal() {
    const signal = shutdownSignal({ signals: ['SIGUSR2'] });
    assert.equal(signal.aborted, false);
    const later = delaySignal(signal, 1000);
    await dispose(later, 'dispose');
    await dispose(signal, 'dispose');
  },
};
