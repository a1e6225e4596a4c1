import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import * as grpc from '@grpc/grpc-js';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { limits } from '../support/limits.ts';
import { killPrograms, type Program, watch } from '../support/programs.ts';
import { listening, portOf } from '../support/sockets.ts';
import { projectRoot, spawnScript } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';

const test = suite('the examples of frameworks', { timeout: 60_000 });
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

async function assertHapi(program: Program, port: number): Promise<void> {
  await assertPolite(program, port, 'hapi');
  const { stdout } = await program.ending;
  assert.match(stdout, /\}\nonPostStop: nobody needs the database any more\n$/);
}

async function assertFastifyWebSocket(program: Program, port: number): Promise<void> {
  const { body, connection } = await ask(port, '/');
  assert.deepEqual([body, connection], ['hello from Fastify\n', 'keep-alive']);
  const webSocket = new WebSocket(`ws://127.0.0.1:${port}`);
  const closed = once(webSocket, 'close') as Promise<[code: number]>;
  const answer = (): Promise<[Buffer]> => once(webSocket, 'message') as Promise<[Buffer]>;
  await once(webSocket, 'open');
  webSocket.send('hello');
  assert.equal(String((await answer())[0]), 'hello');
  const last = answer();
  webSocket.send('a word that crosses it');
  program.signal('SIGTERM');
  assert.equal(String((await last)[0]), 'a word that crosses it');
  assert.equal((await closed)[0], 1001);
  assert.equal(await finished(program), 2);
}

const result = (data: string): string => JSON.stringify({ result: { data } });

async function assertTrpc(program: Program, port: number): Promise<void> {
  const ticks = text(await begin(port, '/ticks'));
  const slow = ask(port, '/slow');
  assert.equal((await ask(port, '/hello')).body, result('hello from tRPC'));
  program.signal('SIGTERM');
  const { body, connection } = await slow;
  assert.deepEqual([body, connection], [result('slow hello from tRPC'), 'close']);
  assert.match(await ticks, /data: "tick"\nid: 0\n\n[^]*event: return\n/);
  assert.equal(await finished(program), 3);
}

type Call = (
  word: string,
  callback: (error: Error | null, answer: string) => void,
) => grpc.ClientUnaryCall;

async function assertGrpc(program: Program, port: number): Promise<void> {
  const method = { requestStream: false, responseStream: false } as const;
  const values = {
    requestSerialize: (value: string) => Buffer.from(value),
    requestDeserialize: String,
    responseSerialize: (value: string) => Buffer.from(value),
    responseDeserialize: String,
  };
  const Greeter = grpc.makeGenericClientConstructor(
    {
      hello: { path: '/Greeter/hello', ...method, ...values },
      slow: { path: '/Greeter/slow', ...method, ...values },
    },
    'Greeter',
  );
  const client = new Greeter(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  const call = (name: 'hello' | 'slow'): Promise<string> =>
    new Promise((resolve, reject) => {
      (client[name] as Call).call(client, 'you', (error, answer) => {
        if (error) reject(error);
        else resolve(answer);
      });
    });
  const slow = call('slow');
  assert.equal(await call('hello'), 'hello from gRPC');
  program.signal('SIGTERM');
  assert.equal(await slow, 'slow hello from gRPC');
  assert.equal(await finished(program), 1);
  client.close();
}

/** What it sends crosses SIGTERM. */
async function assertSocketIo(program: Program, port: number): Promise<void> {
  const client = io(`http://127.0.0.1:${port}`, { transports: ['websocket'] });
  await new Promise<void>((resolve) => client.on('connect', resolve));
  const left = new Promise<string>((resolve) => client.on('disconnect', resolve));
  const slow = client.emitWithAck('slow') as Promise<string>;
  program.signal('SIGTERM');
  assert.equal(await slow, 'slow hello from Socket.IO');
  assert.equal(await left, 'transport close');
  // It is about to reconnect.
  assert.equal(client.active, true);
  client.close();
  assert.equal(await finished(program), 1);
}

async function assertMqtt(program: Program, port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  const all = buffer(socket);
  // CONNECT of MQTT 3.1.1 with a clean session, and no client identifier.
  socket.write(Buffer.from('100c00044d515454040200000000', 'hex'));
  await once(socket, 'readable');
  program.signal('SIGTERM');
  // PUBLISH to `a`, with QoS 1 and the packet identifier 1.
  socket.write(Buffer.from('3206000161000168', 'hex'));
  // CONNACK and PUBACK.
  assert.equal((await all).toString('hex'), '2002000040020001');
  assert.equal(await finished(program), 1);
}

async function assertTunnel(program: Program, port: number): Promise<void> {
  assert.equal((await ask(port, '/')).body, 'hello from a proxy\n');
  const upstream = await listening(createServer((socket) => void socket.pipe(socket)));
  const socket = connect(port, '127.0.0.1');
  let heard = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (heard += chunk));
  socket.write(`CONNECT 127.0.0.1:${portOf(upstream)} HTTP/1.1\r\nHost: upstream\r\n\r\n`);
  await once(socket, 'data');
  program.signal('SIGTERM');
  socket.write('a word that crosses it');
  await once(socket, 'end');
  assert.match(heard, / 200 Connection established\r\n\r\na word that crosses it$/);
  assert.equal(await finished(program), 2);
  upstream.close();
}

type Talk = (program: Program, port: number) => Promise<void>;

const talks: Readonly<Record<string, Talk>> = {
  'express.ts': (program, port) => assertPolite(program, port, 'Express'),
  'fastify-websocket.ts': assertFastifyWebSocket,
  'fastify.ts': assertFastify,
  'grpc.ts': assertGrpc,
  'h3.ts': (program, port) => assertPolite(program, port, 'h3'),
  'hapi.ts': assertHapi,
  'hono.ts': (program, port) => assertPolite(program, port, 'Hono'),
  'http.ts': (program, port) => assertPolite(program, port, 'node:http'),
  'koa.ts': (program, port) => assertPolite(program, port, 'Koa'),
  'kubernetes.ts': assertKubernetes,
  'mqtt.ts': assertMqtt,
  'socket-io.ts': assertSocketIo,
  'trpc.ts': assertTrpc,
  'tunnel.ts': assertTunnel,
  'ws.ts': assertWebSocket,
};

async function run(file: string, talk: Talk): Promise<void> {
  const program = start(file, { PORT: '0', DELAY: '1000' });
  const [, port] = await program.printed(/^listening on 127\.0\.0\.1:(\d+)$/m);
  await talk(program, Number(port));
}

async function failOnTakenPort(file: string): Promise<void> {
  const other = await listening(createServer());
  const { code, stdout, stderr } = await start(file, { PORT: String(portOf(other)) }).ending;
  other.close();
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(stderr, /EADDRINUSE/);
}

/** They wait for most of their time: so many run at once. */
const AT_ONCE = 5;

/** Runs some at a time; a failure tells of which file it is. */
async function forEach(files: readonly string[], act: (file: string) => Promise<void>) {
  const left = files.values();
  const failures: Error[] = [];
  const work = async (): Promise<void> => {
    for (const file of left) {
      await act(file).catch((cause: Error) => {
        failures.push(new Error(`${file}: ${cause.message}`, { cause }));
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (failures.length > 0) throw failures.length === 1 ? failures[0] : new AggregateError(failures);
}

test('are all here', () => {
  const files = readdirSync(join(projectRoot, 'docs/examples/frameworks'));
  assert.deepEqual(files.toSorted(), Object.keys(talks));
});

test('end at SIGTERM when all are served (A55)', async () => {
  const files = Object.keys(talks).filter((file) => file !== 'grpc.ts');
  await forEach(files, (file) => run(file, talks[file] ?? assert.fail(file)));
});

test('end at SIGTERM when all are served: grpc.ts', () => run('grpc.ts', assertGrpc), {
  cannot: limits.listeningServers,
});

test('of node:http says goodbye to an event stream', () => run('http.ts', assertEvents));

test('fail where the port is taken: fastify.ts', () => failOnTakenPort('fastify.ts'));

test(
  'fail where the port is taken',
  () => forEach(['express.ts', 'hono.ts', 'koa.ts'], failOnTakenPort),
  // Those do not reject.
  { cannot: limits.uncaughtAtTop },
);

test.run();
