import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { Agent, get, type IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { WebSocket } from 'ws';
import { limits } from '../support/limits.ts';
import { killPrograms, type Program, watch } from '../support/programs.ts';
import { listening, portOf } from '../support/sockets.ts';
import { projectRoot, spawnScript } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';

const test = suite('the examples of frameworks', { timeout: 30_000 });
test.after.each(killPrograms);

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
  readonly connection: string | undefined;
}

async function begin(port: number, path: string): Promise<IncomingMessage> {
  // A connection that is kept, and no other request has.
  const agent = new Agent({ keepAlive: true });
  const [response] = (await once(get({ port, path, agent }), 'response')) as [IncomingMessage];
  return response;
}

async function ask(port: number, path: string): Promise<Answer> {
  const response = await begin(port, path);
  const { statusCode: status, headers } = response;
  return { status, body: await text(response), connection: headers.connection };
}

function start(file: string, env: Record<string, string>): Program {
  return watch(spawnScript(`docs/examples/frameworks/${file}`, { env }));
}

/** Waits for the end; tells how many connections it had at SIGTERM. */
async function finished({ ending }: Program): Promise<number> {
  const { code, stdout, stderr } = await ending;
  assert.deepEqual([code, stderr], [0, '']);
  const report = /\{ finished: (\d+), forced: 0, stragglers: \[\], duration: \d/;
  const [, count] = report.exec(stdout.replaceAll(/\s+/g, ' ')) ?? assert.fail(stdout);
  return Number(count);
}

/** SIGTERM while one answer is under way, and another connection idle. */
async function assertPolite(program: Program, port: number, name: string): Promise<void> {
  const slow = ask(port, '/slow');
  const { status, body } = await ask(port, '/');
  assert.deepEqual([status, body], [200, `hello from ${name}\n`]);
  program.signal('SIGTERM');
  const last = await slow;
  assert.deepEqual([last.status, last.connection], [200, 'close']);
  assert.match(last.body, /^slow hello/);
  assert.equal(await finished(program), 2);
}

async function assertKubernetes(program: Program, port: number): Promise<void> {
  const statuses = async (): Promise<unknown[]> => {
    const answers = ['/ready', '/live', '/'].map((path) => ask(port, path));
    return (await Promise.all(answers)).map(({ status }) => status);
  };
  assert.deepEqual(await statuses(), [200, 200, 200]);
  program.signal('SIGTERM');
  await program.printed(/^not ready any more$/m);
  // On connections that have come after SIGTERM.
  assert.deepEqual(await statuses(), [503, 200, 200]);
  assert.equal(await finished(program), 6);
}

async function assertWebSocket(program: Program, port: number): Promise<void> {
  assert.equal((await ask(port, '/')).body, 'hello from ws\n');
  const webSocket = new WebSocket(`ws://127.0.0.1:${port}`);
  const closed = once(webSocket, 'close') as Promise<[code: number]>;
  await once(webSocket, 'open');
  webSocket.send('hello');
  const [message] = (await once(webSocket, 'message')) as [Buffer];
  assert.equal(String(message), 'hello');
  program.signal('SIGTERM');
  assert.equal((await closed)[0], 1001);
  assert.equal(await finished(program), 2);
}

async function assertEvents(program: Program, port: number): Promise<void> {
  const events = text(await begin(port, '/events'));
  program.signal('SIGTERM');
  assert.match(await events, /^data: .*\n\nevent: goodbye\n/);
  assert.equal(await finished(program), 1);
}

async function assertFastify(program: Program, port: number): Promise<void> {
  await assertPolite(program, port, 'Fastify');
  const { stdout } = await program.ending;
  assert.match(stdout, /\}\nonClose: nobody needs the database any more\n$/);
}

type Talk = (program: Program, port: number) => Promise<void>;

const talks: Readonly<Record<string, Talk>> = {
  'express.ts': (program, port) => assertPolite(program, port, 'Express'),
  'fastify.ts': assertFastify,
  'hono.ts': (program, port) => assertPolite(program, port, 'Hono'),
  'http.ts': (program, port) => assertPolite(program, port, 'node:http'),
  'koa.ts': (program, port) => assertPolite(program, port, 'Koa'),
  'kubernetes.ts': assertKubernetes,
  'ws.ts': assertWebSocket,
};

test('are all here', () => {
  const files = readdirSync(join(projectRoot, 'docs/examples/frameworks'));
  assert.deepEqual(files.toSorted(), Object.keys(talks));
});

async function run(file: string, talk: Talk): Promise<void> {
  const program = start(file, { PORT: '0', DELAY: '1000' });
  const [, port] = await program.printed(/^listening on 127\.0\.0\.1:(\d+)$/m);
  await talk(program, Number(port));
}

for (const [file, talk] of Object.entries(talks)) {
  test(`end at SIGTERM when all are served: ${file} (A55)`, () => run(file, talk));
}

test('of node:http says goodbye to an event stream', () => run('http.ts', assertEvents));

for (const file of ['express.ts', 'fastify.ts', 'hono.ts', 'koa.ts']) {
  test(
    `fail where the port is taken: ${file}`,
    async () => {
      const other = await listening(createServer());
      const { code, stdout, stderr } = await start(file, { PORT: String(portOf(other)) }).ending;
      other.close();
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(stderr, /EADDRINUSE/);
    },
    // Fastify alone rejects.
    { cannot: file === 'fastify.ts' ? [] : limits.uncaughtAtTop },
  );
}

test.run();
