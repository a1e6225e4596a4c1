import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { listen, serve, type ServeHandler, shutdownSignal, taskGroup } from 'accept-loop';
import { connectionsOf, gate, scene } from './support/scene.ts';
import { assertCounts } from './support/serve-counts.ts';
import { connect, echo, listening, portOf } from './support/sockets.ts';
import { suite } from './support/suite.ts';
import { until } from './support/turns.ts';

const test = suite('an app');

const answer: ServeHandler<[unknown, { end(text: string): unknown }]> = ([, response]) =>
  response.end('ready');

interface App {
  readonly log: string[];
  readonly ports: number[];
}

/** Two servers and a job, until it is told to stop. */
async function run(
  { log, ports }: App,
  signal: AbortSignal,
  adminPort: Promise<number> | number,
): Promise<void> {
  await taskGroup(
    async (group) => {
      void group.run(async () => {
        const server = createServer({ allowHalfOpen: true });
        await listen(server, { port: 0, host: '127.0.0.1' }, { signal: group.signal });
        ports.push(portOf(server));
        const { completed } = await serve(server, echo, { signal: group.signal }).finished;
        log.push(`echo: ${completed}`);
      });
      void group.run(async () => {
        const server = createHttpServer();
        const where = { port: await adminPort, host: '127.0.0.1' };
        await listen(server, where, { signal: group.signal });
        ports.push(portOf(server));
        const options = { signal: group.signal, idle: 10 };
        const { completed } = await serve(server, answer, options).finished;
        log.push(`admin: ${completed}`);
      });
      void group.run(async () => {
        try {
          for (;;) await delay(1, undefined, { signal: group.signal });
        } finally {
          log.push('job: ended');
        }
      });
    },
    { signal },
  );
}

test('of two servers and a job in one group stops in order when it is told to (A55)', async () => {
  const app: App = { log: [], ports: [] };
  const signal = shutdownSignal({ signals: ['SIGUSR2'] });
  const running = run(app, signal, 0);
  await until(() => app.ports.length === 2);
  const [echoPort = assert.fail(), adminPort = assert.fail()] = app.ports;
  assert.equal(await (await fetch(`http://127.0.0.1:${adminPort}`)).text(), 'ready');
  const { socket, ending } = await connect(echoPort);
  socket.write('hello');
  await once(socket, 'data');
  process.kill(process.pid, 'SIGUSR2');
  await once(signal, 'abort');
  socket.end(' and bye');
  assert.deepEqual(await ending, { text: 'hello and bye', by: 'end' });
  await running;
  assert.deepEqual(app.log.toSorted(), ['admin: 1', 'echo: 1', 'job: ended']);
});

test('one of whose servers cannot be bound stops the other in order, and fails with that (A27, B46)', async () => {
  const taken = await listening(createServer());
  const app: App = { log: [], ports: [] };
  const { opened, open } = gate<number>();
  const { signal } = new AbortController();
  const failed = assert.rejects(run(app, signal, opened), { code: 'EADDRINUSE' });
  await until(() => app.ports.length === 1);
  const { socket, ending } = await connect(app.ports[0] ?? assert.fail());
  socket.write('hello');
  await once(socket, 'data');
  open(portOf(taken));
  await until(() => app.log.includes('job: ended'));
  socket.end(' and bye');
  assert.deepEqual(await ending, { text: 'hello and bye', by: 'end' });
  await failed;
  assert.deepEqual(app.log.toSorted(), ['echo: 1', 'job: ended']);
  taken.close();
});

test('that fails while it serves lets who is served have an answer (B28)', async () => {
  const server = await listening(createServer({ allowHalfOpen: true }));
  const fault = new Error('job failed');
  const tasks = taskGroup(async (group) => {
    const serving = serve(server, echo, { signal: group.signal });
    void group.run(() => serving.finished);
    void group.run(async () => {
      await until(() => serving.stats.active === 1);
      throw fault;
    });
  });
  const failing = assert.rejects(tasks, (error) => error === fault);
  const { socket, ending } = await connect(server);
  socket.write('hello');
  await until(() => !server.listening);
  socket.end(' still');
  assert.deepEqual(await ending, { text: 'hello still', by: 'end' });
  await failing;
});

/** What a handler may give its signal to, each waiting for ever without. */
const calls: Record<string, (signal: AbortSignal, port: number) => Promise<unknown>> = {
  fetch: (signal, port) => fetch(`http://127.0.0.1:${port}`, { signal }),
  'timers/promises': (signal) => delay(2 ** 30, undefined, { signal }),
  'stream/promises': (signal) => pipeline(new PassThrough(), new PassThrough(), { signal }),
  'events.once': (signal) => once(new PassThrough(), 'never', { signal }),
  async child_process(signal) {
    const { execPath } = process;
    const child: ChildProcess = spawn(execPath, ['-e', 'setInterval(() => {}, 1e6)'], { signal });
    const [error] = (await once(child, 'error')) as [Error];
    await once(child, 'close');
    throw error;
  },
};

for (const [name, call] of Object.entries(calls)) {
  test(`whose handler passes its signal to ${name} stops at the deadline`, async () => {
    // Answers nobody.
    const silent = await listening(createHttpServer(() => {}));
    let ended: unknown;
    const { server, serving, stop, errors, assertOver } = await scene(
      async (_, { signal }) => {
        await call(signal, portOf(silent)).catch((error: unknown) => {
          ended = error;
          throw error;
        });
      },
      { grace: 200 },
    );
    const { ending } = await connect(server);
    await until(() => serving.stats.active === 1);
    stop.abort();
    const report = await serving.finished;
    assertCounts(report, { accepted: 1, forced: 1, abandoned: report.abandoned });
    await until(() => ended !== undefined);
    // The reason itself, or an error of its own because of it.
    assert.match((ended as Error).name, /^(Timeout|Abort)Error$/);
    assert.deepEqual(errors, []);
    await ending;
    await assertOver();
    silent.closeAllConnections();
    silent.close();
    await until(() => !silent.listening);
    assert.equal(await connectionsOf(silent), 0);
  });
}

test.run();
