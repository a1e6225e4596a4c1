import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { acceptLoop, serve } from 'accept-loop';
import { assertConserved } from '../support/conservation.ts';
import { assertReport, assertStats } from '../support/report.ts';
import { connectionsOf, gate, scene } from '../support/scene.ts';
import { connect, listening } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { turns, until } from '../support/turns.ts';
import { collectWarnings } from '../support/warnings.ts';

const test = suite("the one 'close' listener of a connection");

/** What a client of Socket.IO is: it has no other end than this. */
class Client extends EventEmitter {
  disconnected = false;

  disconnect(): void {
    this.disconnected = true;
    this.emit('disconnect');
  }
}

for (const concurrency of [Infinity, 1]) {
  test(`lets a serving end whose handler throws in disconnect() (concurrency ${concurrency})`, async () => {
    const { stopCollecting } = collectWarnings();
    const emitter = new EventEmitter();
    const opened = gate();
    const serving = serve(
      emitter,
      async ([client], { signal }) => {
        void signal;
        (client as Client).on('disconnect', () => {
          throw new Error('thrown by its owner');
        });
        await opened.opened;
      },
      { event: 'client', concurrency, grace: 5000 },
    );
    emitter.emit('client', new Client());
    emitter.emit('client', new Client());
    opened.open();
    await until(() => serving.stats.completed === 2);
    const begun = performance.now();
    assertReport(await serving.stop());
    assert.ok(performance.now() - begun < 2500, 'has waited for grace');
    stopCollecting();
  });
}

test('is not needed for the abort of a signal that is read when all have been taken off', async () => {
  const reasons: unknown[] = [];
  const opened = gate();
  const { server, serving, stop } = await scene(
    async (socket, context) => {
      await opened.opened;
      // Of the one that has waited it takes ours.
      socket.removeAllListeners();
      const { signal } = context;
      setImmediate(() => socket.destroy());
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      reasons.push(signal.reason);
    },
    { concurrency: 1 },
  );
  for (let count = 0; count < 2; count += 1) await connect(server);
  await until(() => serving.stats.queued === 1);
  opened.open();
  await until(() => reasons.length === 2);
  stop.abort();
  assertReport(await serving.finished);
});

test("does not take a 'close' for the end that somebody has emitted", async () => {
  const { server, serving, stop } = await scene(
    async (socket, { signal }) => {
      void signal;
      socket.emit('close');
      socket.write('answer');
      await turns(2);
    },
    { linger: 200 },
  );
  const { socket } = await connect(server, { allowHalfOpen: true });
  await once(socket, 'end');
  // Cut after `linger`, though its client does not end.
  while ((await connectionsOf(server)) > 0) await turns(5);
  assert.equal(serving.stats.completed, 1);
  socket.destroy();
  stop.abort();
  assertReport(await serving.finished);
});

test('counts a thing once whose end is not to be seen', async () => {
  const { stopCollecting } = collectWarnings();
  for (const concurrency of [Infinity, 1]) {
    const emitter = new EventEmitter();
    const serving = serve(emitter, () => new Promise(() => {}), {
      event: 'client',
      concurrency,
      grace: 0,
    });
    for (let count = 0; count < 3; count += 1) {
      const client = Object.defineProperty(new Client(), 'end', {
        get() {
          throw new Error('thrown by its owner');
        },
      });
      emitter.emit('client', client);
      assertStats(serving.stats);
    }
    assert.equal(serving.stats.accepted, 3);
    assertReport(await serving.stop());
  }
  stopCollecting();
});

for (const leave of ['return()', 'next()'] as const) {
  test(`counts a connection once whose on() calls ${leave} and throws`, async () => {
    const { stopCollecting } = collectWarnings();
    const server = await listening(createServer());
    let isArmed = false;
    server.on('connection', (socket) => {
      const on = socket.on.bind(socket);
      Object.assign(socket, {
        on(event: string, listener: () => void) {
          if (event !== 'close' || !isArmed) return on(event, listener);
          isArmed = false;
          void (leave === 'next()' ? loop.next() : loop.return());
          throw new Error('thrown by its owner');
        },
      });
      isArmed = true;
    });
    const loop = acceptLoop(server);
    const { socket } = await connect(server);
    await until(() => loop.stats.accepted === 1);
    assertConserved(loop.stats);
    await loop.return();
    assertConserved(loop.stats);
    assert.equal(loop.stats.accepted, 1);
    socket.destroy();
    server.close();
    stopCollecting();
  });
}

test('counts a connection once whose getter stops the serving', async () => {
  const server = await listening(createServer());
  server.on('connection', (socket) => {
    Object.defineProperty(socket, 'destroyed', {
      configurable: true,
      get() {
        Reflect.deleteProperty(socket, 'destroyed');
        void serving.stop({ grace: 0 });
        return socket.destroyed;
      },
    });
  });
  const serving = serve(server, () => new Promise(() => {}));
  const { ending } = await connect(server);
  const report = await serving.finished;
  assertReport(report);
  assert.equal(report.accepted, 1);
  await ending;
});

/** A connection of somebody's own making, as those of proxies and tests. */
class Pipe extends Duplex {
  text = '';
  readonly pending = true;
  readonly connecting = false;

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }

  setTimeout(): this {
    return this;
  }
}

test('answers a request that has waited, over a connection without a handle', async () => {
  const server = createHttp({ keepAliveTimeout: 1 });
  const opened = gate();
  const serving = serve(
    server,
    async ([, response]) => {
      await opened.opened;
      response.end('answer');
    },
    { concurrency: 1 },
  );
  const pipes = [new Pipe(), new Pipe()];
  for (const pipe of pipes) {
    server.emit('connection', pipe as unknown as Socket);
    pipe.push('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  }
  await until(() => serving.stats.queued === 1);
  opened.open();
  await until(() => pipes.every(({ text }) => text.includes('answer')));
  for (const pipe of pipes) pipe.destroy();
  assertReport(await serving.stop());
});

test.run();
