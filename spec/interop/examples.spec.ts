import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { readdirSync, readFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { limits } from '../support/limits.ts';
import {
  killPrograms,
  type Program,
  startExample,
  startProgram,
  watch,
} from '../support/programs.ts';
import { connect, listening, portOf, readToEnd } from '../support/sockets.ts';
import { projectRoot, scriptCommand, spawnScript } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';

const test = suite('the examples', { timeout: 30_000 });
test.after.each(killPrograms);

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

async function request(port: number, path: string): Promise<Answer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ port, path, agent: false }, resolve).on('error', reject);
  });
  return { status: response.statusCode, body: await text(response) };
}

/** What a client hears that says this and no more. */
async function say(to: number | string, words: string): Promise<string> {
  const { socket, ending } = await connect(to);
  socket.end(words);
  return (await ending).text;
}

/** What a client hears that says nothing. */
async function hear(to: number | string): Promise<string> {
  return (await readToEnd(to)).text;
}

function assertIsNow(time: string): void {
  assert.ok(Math.abs(Date.parse(time.trim()) - Date.now()) < 60_000, time);
}

/** What a client says and hears, by file. */
const talks: Record<string, (port: number) => Promise<void>> = {
  async 'echo-server.ts'(port) {
    assert.equal(await say(port, 'hello'), 'hello');
  },

  async 'jobs-last.ts'(port) {
    assert.equal(await say(port, 'tea\n'), 'tea is taken\n');
  },

  async 'first-loop.ts'(port) {
    assertIsNow(await hear(port));
  },

  async 'http-loop.ts'(port) {
    const expected = { status: 200, body: 'you asked for /hello\n' };
    assert.deepEqual(await request(port, '/hello'), expected);
  },

  async 'readiness.ts'(port) {
    const expected = { status: 200, body: 'at your service\n' };
    assert.deepEqual(await request(port, '/ready'), expected);
  },

  async 'safe-concurrency.ts'(port) {
    const file = join(projectRoot, 'docs/examples/safe-concurrency.ts');
    assert.equal(await hear(port), readFileSync(file, 'utf8'));
  },

  async 'serving-http.ts'(port) {
    const expected = { status: 200, body: 'you asked for /hello\n' };
    assert.deepEqual(await request(port, '/hello'), expected);
    assert.deepEqual(await request(port, '/broken'), { status: 500, body: '' });
  },

  async 'systemd.ts'(port) {
    assert.equal(await hear(port), `this is 127.0.0.1:${port}\n`);
  },

  async 'tracing.ts'(port) {
    assert.equal(await say(port, 'hello'), 'you said hello\n');
  },

  async 'worker-pool.ts'(port) {
    const clients = await Promise.all([connect(port), connect(port), connect(port)]);
    const answers = await Promise.all(clients.map(async ({ ending }) => (await ending).text));
    const expected = ['Ada', 'Edsger', 'Grace'].map((name) => `served by ${name}\n`);
    assert.deepEqual(answers.toSorted(), expected);
  },
};

/** Those that listen elsewhere, or in two places. */
const others = ['two-servers.ts', 'unix-socket.ts'];

/** What others import. */
const parts = ['show-stop.ts'];

test('are all here', () => {
  // Those of frameworks have a spec of their own.
  const all = readdirSync(join(projectRoot, 'docs/examples'));
  const files = all.filter((name) => name.endsWith('.ts'));
  assert.deepEqual(files.toSorted(), [...Object.keys(talks), ...others, ...parts].toSorted());
});

async function assertEnds({ signal, ending }: Program): Promise<string> {
  signal('SIGTERM');
  const { code, stdout, stderr } = await ending;
  assert.deepEqual([code, stderr], [0, '']);
  return stdout;
}

for (const [file, talk] of Object.entries(talks)) {
  test(`run: ${file}`, async () => {
    const program = await startExample(file);
    await talk(program.port);
    await assertEnds(program);
  });
}

test('of the worker pool serves who waits at SIGTERM', async () => {
  const { port, signal, printed, ending } = await startExample('worker-pool.ts');
  const clients = await Promise.all(Array.from({ length: 7 }, () => connect(port)));
  await printed(/ serves /);
  signal('SIGTERM');
  for (const client of clients) assert.match((await client.ending).text, /^served by \w+\n$/);
  const { code, stdout } = await ending;
  assert.equal(code, 0);
  assert.equal(stdout.match(/ serves /g)?.length, 7);
});

test('of serving HTTP finishes an answer, and says goodbye to an event stream', async () => {
  const program = await startExample('serving-http.ts');
  const slow = request(program.port, '/slow');
  const events = request(program.port, '/events');
  await program.printed(/GET \/slow$/m);
  await program.printed(/GET \/events$/m);
  const stdout = await assertEnds(program);
  assert.deepEqual(await slow, { status: 200, body: 'you asked for /slow\n' });
  assert.match((await events).body, /^data: .*\n\nevent: goodbye\n/);
  assert.match(stdout, /completed: 2,/);
});

test('of serving HTTP stops working for a client that leaves', async () => {
  const program = await startExample('serving-http.ts');
  const { socket, ending } = await connect(program.port);
  socket.write('GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await program.printed(/GET \/slow$/m);
  socket.destroy();
  await ending;
  assert.match(await assertEnds(program), /failed: 1,/);
});

test('of readiness is not ready after SIGTERM, and serves all the same (A56)', async () => {
  const { port, printed, signal, ending } = await startExample('readiness.ts');
  signal('SIGTERM');
  await printed(/not ready/);
  assert.deepEqual(await request(port, '/ready'), { status: 503, body: 'about to stop\n' });
  assert.deepEqual(await request(port, '/'), { status: 200, body: 'about to stop\n' });
  const { code, stdout } = await ending;
  assert.equal(code, 0);
  assert.match(stdout, /completed: 2,/);
});

test('of tracing prints a span for each connection, and for the shutdown', async () => {
  const program = await startExample('tracing.ts');
  await say(program.port, 'hello');
  await program.printed(/^span connection 127\.0\.0\.1:\d+ \d+ ms ok$/m);
  assert.equal(await say(program.port, 'fail'), '');
  await program.printed(/^span connection 127\.0\.0\.1:\d+ \d+ ms error as you wish$/m);
  const silent = await Promise.all(Array.from({ length: 21 }, () => connect(program.port)));
  await program.printed(/^span connection 127\.0\.0\.1:\d+ \d+ ms shed$/m);
  for (const { socket } of silent) socket.end();
  const expected = /^span shutdown \(SIGTERM was received\) \d+ ms 23 accepted$/m;
  assert.match(await assertEnds(program), expected);
});

const local = /^(public|admin): listening on 127\.0\.0\.1:(\d+)$/m;

function startTwoServers(env: Record<string, string>): Program {
  return watch(spawnScript('docs/examples/two-servers.ts', { env: { PORT: '0', ...env } }));
}

test('of two servers and a job run in one group, and end with it', async () => {
  const program = startTwoServers({ ADMIN_PORT: '0' });
  const [, publicPort] = await program.printed(/^public: .*:(\d+)$/m);
  const [, adminPort] = await program.printed(/^admin: .*:(\d+)$/m);
  assert.equal(await hear(Number(publicPort)), 'hello, number 1\n');
  assert.equal(await hear(Number(adminPort)), '1 greeted\n');
  await program.printed(/^job: 1 greeted so far$/m);
  const stdout = await assertEnds(program);
  for (const line of ['public: closed after 1', 'admin: closed after 1', 'all have ended']) {
    assert.ok(stdout.includes(`${line}\n`), stdout);
  }
});

test('of two servers stops the one when the other cannot listen', async () => {
  const other = await listening(createServer());
  const program = startTwoServers({ ADMIN_PORT: String(portOf(other)) });
  const { code, stdout, stderr } = await program.ending;
  other.close();
  assert.equal(code, 1);
  assert.match(stderr, /^two-servers: .*in use.*\n$/);
  assert.doesNotMatch(stdout, /all have ended/);
  assert.equal(local.test(stdout), stdout.includes('public: closed after 0'));
});

test('of jobs that come last works off each order that was taken', async () => {
  const program = await startExample('jobs-last.ts');
  const orders = Array.from({ length: 50 }, (_, index) => `order ${index}\n`);
  const { socket, ending } = await connect(program.port);
  socket.write(orders.join(''));
  await program.printed(/^listening/m);
  await once(socket, 'data');
  const stdout = await assertEnds(program);
  const { text: heard, by } = await ending;
  assert.equal(by, 'end');
  assert.equal(heard.match(/ is taken\n/g)?.length, 50);
  assert.match(
    stdout,
    /^closed after 1, [1-9]\d* orders are left\n(.* so far\n)*50 done, none is left\n$/m,
  );
});

test('of jobs that come last fails at a port in use, and ends', async () => {
  const other = await listening(createServer());
  const env = { PORT: String(portOf(other)) };
  const { code, stderr } = await watch(spawnScript('docs/examples/jobs-last.ts', { env })).ending;
  other.close();
  assert.notEqual(code, 0);
  assert.match(stderr, /in use/);
});

async function startOnPath(path: string): Promise<Program> {
  const program = watch(spawnScript('docs/examples/unix-socket.ts', { env: { SOCKET: path } }));
  await program.printed(/^listening on /m);
  return program;
}

async function inFolder(act: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'accept-loop-'));
  await act(folder);
  assert.deepEqual(readdirSync(folder), []);
  await rm(folder, { recursive: true });
}

test('of a Unix socket leaves a live server alone', async () => {
  await inFolder(async (folder) => {
    const path = join(folder, 'clock.sock');
    const program = await startOnPath(path);
    assertIsNow(await hear(path));
    const late = watch(spawnScript('docs/examples/unix-socket.ts', { env: { SOCKET: path } }));
    const { code, stderr } = await late.ending;
    assert.equal(code, 1);
    assert.match(stderr, /^unix-socket: .*in use.*\n$/);
    assertIsNow(await hear(path));
    await assertEnds(program);
  });
});

test(
  'of a Unix socket replaces what a killed process has left',
  async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'clock.sock');
      const killed = await startOnPath(path);
      killed.signal('SIGKILL');
      await killed.ending;
      const program = await startOnPath(path);
      assertIsNow(await hear(path));
      await assertEnds(program);
    });
  },
  { cannot: limits.staleSockets },
);

test(
  'of systemd serves on the socket that systemd has opened',
  async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'activated.sock');
      const command = scriptCommand('docs/examples/systemd.ts');
      const args = [`--listen=${path}`, '--fdname=web', ...command];
      const program = startProgram('systemd-socket-activate', args);
      // Not at the sight of the file: it is there before it is listened to.
      assert.match(String(await once(program.child.stderr ?? assert.fail(), 'data')), /^Listening/);
      // The first client starts the server.
      assert.equal(await hear(path), 'this is systemd\'s socket "web"\n');
      program.signal('SIGTERM');
      const { code, stdout } = await program.ending;
      assert.equal(code, 0);
      assert.match(stdout, /completed: 1,/);
      // It is systemd's, and stays.
      await rm(path);
    });
  },
  { needs: 'systemd-socket-activate' },
);

test.run();
