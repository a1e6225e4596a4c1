import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { inspect } from 'node:util';
import {
  killPrograms,
  type Outcome,
  type Program,
  runProgram,
  startExample,
  startProgram,
  watch,
} from '../support/programs.ts';
import { type Client, connect, listening, portOf } from '../support/sockets.ts';
import { spawnScript } from '../support/spawn-script.ts';
import { runtime } from '../support/runtime.ts';
import { suite } from '../support/suite.ts';

const test = suite('the echo server', { timeout: 30_000 });
test.after(killPrograms);

const file = 'echo-server.ts';
const stopped = /: last call$/m;
const megabyte = 'sixteen letters\n'.repeat(65_536);

/** A line to a shell whose descriptor 3 is a connection. */
function bashClient(port: number, script: string): Program {
  return startProgram('bash', ['-c', `exec 3<>/dev/tcp/127.0.0.1/${port}; ${script}`]);
}

async function stop(server: Program, signal: NodeJS.Signals = 'SIGTERM'): Promise<Outcome> {
  server.signal(signal);
  return server.ending;
}

/** Connects as a client that never comes to an end: each echo is the next thing to say. */
async function goOnAndOn(port: number): Promise<Client> {
  const client = await connect(port);
  const { socket } = client;
  // With a pause in between: less than the silence that the server waits for, and little work.
  socket.on('data', (chunk) => void setTimeout(() => socket.write(String(chunk)), 100));
  socket.write('again');
  return client;
}

/** Looks at the report at the end: of what is not expected there is none. */
function assertReport(outcome: Outcome, expected: Record<string, number>): void {
  assert.deepEqual([outcome.code, outcome.signal], [0, null]);
  assert.match(outcome.stderr, /^(waits for [^\n]+\n)*$/);
  const [, text = ''] = outcome.stdout.split(stopped);
  const [line = assert.fail(text)] = /^\d+ accepted.*$/m.exec(text) ?? [];
  const counts = line.split(', ').map((part) => part.split(' '));
  const report = Object.fromEntries(counts.map(([count, what]) => [what, Number(count)]));
  assert.deepEqual(report, { accepted: 0, ...expected });
}

/** A server that is about to stop, and a client that does not let it. */
let endless: { readonly server: Program; readonly client: Client; readonly port: number };

// Before all others, so that its ten seconds of grace go by while they run.
test.before(async () => {
  const server = await startExample(file);
  const client = await goOnAndOn(server.port);
  endless = { server, client, port: client.socket.localPort ?? assert.fail() };
  await server.printed(/ opened$/m);
  server.signal('SIGTERM');
});

test(
  'gives bash its bytes back, and says who came and went',
  async () => {
    const server = await startExample(file);
    const client = bashClient(server.port, "printf 'hello\\n' >&3; head -n 1 <&3");
    assert.equal((await client.ending).stdout, 'hello\n');
    const [, port] = await server.printed(/^(\d+) opened$/m);
    await server.printed(new RegExp(`^${port} is done, 6 bytes$`, 'm'));
    assertReport(await stop(server), { accepted: 1, completed: 1 });
  },
  { needs: 'bash' },
);

test(
  'gives nc its bytes back, after it has ended its side',
  async () => {
    const server = await startExample(file);
    const address = ['-N', '127.0.0.1', String(server.port)];
    const { code, stdout } = await runProgram('nc', address, { input: megabyte });
    assert.equal(code, 0);
    assert.ok(stdout === megabyte, `${stdout.length} bytes came back`);
    assertReport(await stop(server), { accepted: 1, completed: 1 });
  },
  { needs: 'nc' },
);

test(
  'finishes the exchange that is under way at SIGTERM',
  async () => {
    const server = await startExample(file);
    const client = startProgram('nc', ['-N', '127.0.0.1', String(server.port)]);
    client.write(megabyte);
    await client.printed(/sixteen letters/);
    server.signal('SIGTERM');
    await server.printed(stopped);
    client.end(megabyte);
    const { code, stdout } = await client.ending;
    assert.equal(code, 0);
    assert.ok(stdout === megabyte.repeat(2), `${stdout.length} bytes came back`);
    assertReport(await server.ending, { accepted: 1, completed: 1 });
  },
  { needs: 'nc' },
);

test('finishes 8 MiB for a client that does not read before it has said all', async () => {
  const server = await startExample(file);
  const { socket, ending } = await connect(server.port);
  socket.pause();
  socket.end(megabyte.repeat(8));
  await server.printed(/ opened$/m);
  server.signal('SIGTERM');
  await server.printed(stopped);
  socket.resume();
  const { text, by } = await ending;
  assert.equal(by, 'end');
  assert.ok(text === megabyte.repeat(8), `${text.length} bytes came back`);
  assertReport(await server.ending, { accepted: 1, completed: 1 });
});

test(
  'says goodbye to a client that is silent',
  async () => {
    const server = await startExample(file);
    // It reads until the server ends, and has nothing more to say.
    const client = bashClient(server.port, "printf 'hello\\n' >&3; cat <&3");
    await client.printed(/hello/);
    server.signal('SIGTERM');
    assert.equal((await client.ending).code, 0);
    assertReport(await server.ending, { accepted: 1, completed: 1 });
  },
  { needs: 'bash' },
);

test('leaves a silent client that does not leave after the goodbye', async () => {
  const server = await startExample(file);
  const { socket } = await connect(server.port, { allowHalfOpen: true });
  await server.printed(/ opened$/m);
  const outcome = await stop(server);
  assertReport(outcome, { accepted: 1, completed: 1 });
  assert.equal(socket.readableEnded, true);
  socket.destroy();
});

test('counts a client that goes away as failed', async () => {
  const server = await startExample(file);
  const { socket } = await connect(server.port);
  socket.pause();
  // More than the kernel holds, so that the server is still writing.
  socket.write(megabyte.repeat(16));
  await server.printed(/ opened$/m);
  socket.resetAndDestroy();
  assertReport(await stop(server), { accepted: 1, failed: 1 });
});

test('ends at SIGINT when nobody is there', async () => {
  const server = await startExample(file);
  assertReport(await stop(server, 'SIGINT'), {});
});

test('is killed by a second SIGINT', async () => {
  const server = await startExample(file);
  const { ending } = await goOnAndOn(server.port);
  await server.printed(/ opened$/m);
  server.signal('SIGINT');
  await server.printed(/^SIGINT was received: last call$/m);
  // Within 250 ms it is a repetition of the first.
  const presses = setInterval(() => server.signal('SIGINT'), 50);
  const { code, signal, stdout } = await server.ending;
  clearInterval(presses);
  await ending;
  // Deno takes its own handler off a moment later, by which time the process may have exited itself.
  const isExit = runtime.name === 'deno' && code === 130;
  assert.ok(signal === 'SIGINT' || isExit, `ended by ${signal}, ${code}`);
  assert.doesNotMatch(stdout, /accepted/);
});

test('finishes its exchanges though nobody reads what it says any more', async () => {
  const server = await startExample(file);
  const { socket, ending } = await connect(server.port);
  socket.write('hello');
  await server.printed(/ opened$/m);
  server.child.stdout?.destroy();
  server.child.stderr?.destroy();
  server.signal('SIGTERM');
  // It says each second that it waits.
  const words = setInterval(() => socket.write('.'), 300);
  await new Promise((resolve) => setTimeout(resolve, 2500));
  clearInterval(words);
  socket.end('bye');
  assert.match((await ending).text, /^hello\.+bye$/);
  const { code, signal } = await server.ending;
  assert.deepEqual([code, signal], [0, null]);
});

for (const port of ['abc', '', '-1', '65536', '80.5', '1e3', 'two\nlines']) {
  test(`says in one line that ${JSON.stringify(port)} is no port`, async () => {
    const server = watch(spawnScript(`docs/examples/${file}`, { env: { PORT: port } }));
    const { code, stdout, stderr } = await server.ending;
    const wanted = '"where.port" must be a port from 0 to 65535';
    assert.equal(stderr, `echo-server: Cannot listen: ${wanted}, received ${inspect(port)}\n`);
    assert.deepEqual([code, stdout], [1, '']);
  });
}

test('says in one line that its port is in use', async () => {
  const other = await listening(createServer());
  const port = String(portOf(other));
  const server = watch(spawnScript(`docs/examples/${file}`, { env: { PORT: port } }));
  const { code, stdout, stderr } = await server.ending;
  other.close();
  assert.match(stderr, /^echo-server: .*in use.*\n$/);
  assert.deepEqual([code, stdout], [1, '']);
});

test('cuts off who goes on and on', async () => {
  const outcome = await endless.server.ending;
  await endless.client.ending;
  assertReport(outcome, { accepted: 1, forced: 1 });
  const client = `127\\.0\\.0\\.1:${endless.port}`;
  assert.match(
    outcome.stdout,
    new RegExp(`^  cut off: ${client}, a connection of 1\\d\\.\\d s$`, 'm'),
  );
  const waits = `waits for 1 connection, the oldest from ${client}: running, \\d+\\.\\d s`;
  // The last line may come between the cut and the end.
  assert.match(outcome.stderr, new RegExp(`^(${waits}\n){8,10}(waits for nobody any more\n)?$`));
});

test.run();
