import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { drain, type ProgressMessage, serve } from 'accept-loop';
import { PRINTED_CONNECTIONS, PROGRESS_MS } from '../../lib/bounds.ts';
import { drainScene, held } from '../support/drain-scene.ts';
import { get } from '../support/http-messages.ts';
import { limits } from '../support/limits.ts';
import { watch } from '../support/programs.ts';
import { serveScene } from '../support/serve-scene.ts';
import { connect, listening } from '../support/sockets.ts';
import { spawnScript } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';
import { until } from '../support/turns.ts';

const test = suite('the progress of a stop');

const channel = 'accept-loop:progress';
let heard: ProgressMessage[] = [];
const subscriber = (message: unknown): void => void heard.push(message as ProgressMessage);

function listen(): void {
  heard = [];
  subscribe(channel, subscriber);
}

test.after.each(() => void unsubscribe(channel, subscriber));

/** How many timers keep the process running, or would. */
const timers = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

test(
  'is told each second of a drain: how long, what is open, and the oldest',
  async () => {
    const { hold, arrived, responses } = held();
    const { server, stop, over } = await drainScene(createServer(hold), { idle: 10_000 });
    const first = await connect(server);
    first.socket.write(get('/'));
    await arrived(1);
    responses[0]?.end();
    await once(first.socket, 'data');
    const second = await connect(server);
    second.socket.write(get('/asked?secret'));
    await arrived(2);
    listen();
    const begun = performance.now();
    stop.abort();
    await until(() => heard.length === 1);
    assert.ok(performance.now() - begun >= 990);
    const [{ duration, oldest, ...message } = assert.fail()] = heard;
    assert.deepEqual(message, { server, states: { running: 1, idle: 1 } });
    assert.ok(duration >= 990 && duration < 5000, String(duration));
    const { localPort } = first.socket;
    assert.deepEqual([oldest?.remotePort, oldest?.state], [localPort, 'idle']);
    first.socket.end();
    await until(() => heard.length === 2);
    const last = heard[1]?.oldest;
    assert.deepEqual(heard[1]?.states, { running: 1 });
    assert.deepEqual([last?.method, last?.url], ['GET', '/asked']);
    responses[1]?.end();
    await Promise.all([over(), first.ending, second.ending]);
    const { length } = heard;
    await new Promise((resolve) => setTimeout(resolve, 1200));
    assert.equal(heard.length, length);
  },
  { cannot: limits.idleAfterClose },
);

test('is told of serve, with who waits for a slot', async () => {
  listen();
  const { server, serving, stop, over } = await serveScene(
    createServer(),
    () => new Promise(() => {}),
    { grace: 1500, concurrency: 1 },
  );
  const clients = [await connect(server), await connect(server)];
  for (const { socket } of clients) socket.write(get('/'));
  await until(() => serving.stats.accepted === 2);
  stop.abort();
  await until(() => heard.length === 1);
  assert.deepEqual(heard[0]?.states, { running: 1, waiting: 1 });
  assert.equal(heard[0]?.server, server);
  await over();
  await Promise.all(clients.map(({ ending }) => ending));
});

test('is nothing, and has no timer, where nobody listens when the stop begins', async () => {
  const { hold, arrived, responses } = held();
  const { server, drained, stop, over } = await drainScene(createServer(hold), { idle: 0 });
  const { socket, ending } = await connect(server);
  socket.write(get('/'));
  await arrived(1);
  const { setInterval } = globalThis;
  const intervals: unknown[] = [];
  globalThis.setInterval = ((...args: Parameters<typeof setInterval>) => {
    intervals.push(args[1]);
    return setInterval(...args);
  }) as typeof setInterval;
  stop.abort();
  globalThis.setInterval = setInterval;
  assert.equal(intervals.includes(PROGRESS_MS), false);
  listen();
  await new Promise((resolve) => setTimeout(resolve, 1200));
  assert.deepEqual(heard, []);
  assert.equal(drained.open().length, 1);
  responses[0]?.end();
  await Promise.all([over(), ending]);
});

test('holds no process open, and ends with the stop', async () => {
  listen();
  const before = timers();
  const server = await listening(createServer());
  await drain(server);
  const other = await listening(createServer());
  await serve(other, () => {}, { idle: 0 }).stop();
  await until(() => timers() <= before);
});

/** Runs the fixture, and gives the lines of stderr that are ours. */
async function debugged(env: Record<string, string>): Promise<string[]> {
  const program = watch(spawnScript('spec/fixtures/debugged-stop.ts', { env }));
  const { code, stderr } = await program.ending;
  assert.equal(code, 0, stderr);
  return stderr.split('\n').filter((line) => line.startsWith('ACCEPT-LOOP'));
}

test(
  'is printed where NODE_DEBUG asks for it: the stages, and the connections that it waits for',
  async () => {
    const lines = await debugged({ NODE_DEBUG: 'accept-loop' });
    const texts = lines.map((line) => /, (\d+) ms: (.*)$/.exec(line) ?? assert.fail(line));
    for (const line of lines) assert.match(line, /^ACCEPT-LOOP \d+: http 127\.0\.0\.1:\d+, /);
    const times = texts.map(([, time]) => Number(time));
    assert.deepEqual(
      times,
      times.toSorted((one, other) => one - other),
    );
    const stages = texts.map(([, , text = '']) =>
      text.replaceAll(/127\.0\.0\.1:\d+/g, 'CLIENT').replaceAll(/[\d.]+ ms old/g, 'AGE'),
    );
    assert.match(stages.pop() ?? '', /^it is over: \{ finished: 0, forced: 12, .*\}$/);
    const asked = '  running request of CLIENT, GET /asked, AGE';
    assert.deepEqual(stages, [
      'the last call begins: Error: deploy',
      'the listener is closed, 12 open: 12 running',
      'idle is over, 12 open: 12 running',
      'waits for 12 open: 12 running',
      ...Array.from({ length: PRINTED_CONNECTIONS }, () => asked),
      '  and 2 more',
      'grace is over, 12 open: 12 running',
    ]);
  },
  { cannot: limits.idleAfterClose, timeout: 30_000 },
);

test('does not end the process when standard error is closed while it is printed', async () => {
  const env = { NODE_DEBUG: 'accept-loop' };
  const program = watch(spawnScript('spec/fixtures/debugged-stop.ts', { env }));
  program.child.stderr?.once('data', () => program.child.stderr?.destroy());
  const { code, signal, stdout } = await program.ending;
  assert.deepEqual([code, signal, stdout], [0, null, 'over\n']);
});

test('is not printed where it does not', async () => {
  assert.deepEqual(await debugged({ NODE_DEBUG: 'http-of-nobody' }), []);
});

test.run();
