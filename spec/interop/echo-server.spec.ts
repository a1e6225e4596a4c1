import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import {
  killPrograms,
  type Outcome,
  type Program,
  runProgram,
  startExample,
  startProgram,
  watch,
} from '../support/programs.ts';
import { connect, listening, portOf } from '../support/sockets.ts';
import { spawnScript } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';

const test = suite('the echo server', { timeout: 30_000 });
test.after.each(killPrograms);

const file = 'echo-server.ts';
const stopped = /^nobody new can come, 1 open$/m;
const megabyte = 'sixteen letters\n'.repeat(65_536);

/** A line to a shell whose descriptor 3 is a connection. */
function bashClient(port: number, script: string): Program {
  return startProgram('bash', ['-c', `exec 3<>/dev/tcp/127.0.0.1/${port}; ${script}`]);
}

async function stop(server: Program, signal: NodeJS.Signals = 'SIGTERM'): Promise<Outcome> {
  server.signal(signal);
  return server.ending;
}

function assertSummary(outcome: Outcome, expected: Record<string, number>): void {
  assert.deepEqual([outcome.code, outcome.signal, outcome.stderr], [0, null, '']);
  const lines = [...outcome.stdout.matchAll(/^([a-z ]+): (\d+)$/gm)];
  const summary = Object.fromEntries(lines.map(([, what, count]) => [what, Number(count)]));
  const none = { accepted: 0, served: 0, failed: 0, 'cut off': 0, lost: 0, shed: 0 };
  assert.deepEqual(summary, { ...none, ...expected });
}

test(
  'gives bash its bytes back, and says who came and went',
  async () => {
    const server = await startExample(file);
    const client = bashClient(server.port, "printf 'hello\\n' >&3; head -n 1 <&3");
    assert.equal((await client.ending).stdout, 'hello\n');
    await server.printed(/^127\.0\.0\.1:\d+ opened$/m);
    await server.printed(/^127\.0\.0\.1:\d+ closed, served, 6 bytes echoed$/m);
    assertSummary(await stop(server), { accepted: 1, served: 1 });
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
    assertSummary(await stop(server), { accepted: 1, served: 1 });
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
    assertSummary(await server.ending, { accepted: 1, served: 1 });
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
  assertSummary(await server.ending, { accepted: 1, served: 1 });
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
    assertSummary(await server.ending, { accepted: 1, served: 1 });
  },
  { needs: 'bash' },
);

test('counts a client that goes away as failed', async () => {
  const server = await startExample(file);
  const { socket } = await connect(server.port);
  socket.pause();
  // More than the kernel holds, so that the server is still writing.
  socket.write(megabyte.repeat(16));
  await server.printed(/ opened$/m);
  socket.resetAndDestroy();
  await server.printed(/ closed, failed, /);
  assertSummary(await stop(server), { accepted: 1, failed: 1 });
});

test('cuts off who goes on and on', async () => {
  const server = await startExample(file);
  const { socket, ending } = await connect(server.port);
  // Each echo is the next thing to say.
  socket.on('data', (chunk) => socket.write(String(chunk)));
  socket.write('again');
  await server.printed(/ opened$/m);
  server.signal('SIGTERM');
  await ending;
  assertSummary(await server.ending, { accepted: 1, 'cut off': 1 });
});

test('ends at SIGINT when nobody is there', async () => {
  const server = await startExample(file);
  assertSummary(await stop(server, 'SIGINT'), {});
});

test('is killed by a second SIGINT', async () => {
  const server = await startExample(file);
  const { socket, ending } = await connect(server.port);
  socket.on('data', (chunk) => socket.write(String(chunk)));
  socket.write('again');
  await server.printed(/ opened$/m);
  server.signal('SIGINT');
  await server.printed(/^SIGINT: last call$/m);
  // One that comes at once counts as the same.
  const again = setInterval(() => server.signal('SIGINT'), 50);
  const { signal, stdout } = await server.ending;
  clearInterval(again);
  await ending;
  assert.equal(signal, 'SIGINT');
  assert.doesNotMatch(stdout, /accepted/);
});

for (const port of ['abc', '', '-1', '65536', '80.5', '1e3', 'two\nlines']) {
  test(`says in one line that ${JSON.stringify(port)} is no port`, async () => {
    const server = watch(spawnScript(`docs/examples/${file}`, { env: { PORT: port } }));
    const { code, stdout, stderr } = await server.ending;
    const got = `got ${JSON.stringify(port)}`;
    assert.equal(stderr, `echo-server: PORT must be a whole number from 0 to 65535, ${got}\n`);
    assert.deepEqual([code, stdout], [1, '']);
  });
}

test('says in one line that its port is in use', async () => {
  const other = await listening(createServer());
  const port = String(portOf(other));
  const server = watch(spawnScript(`docs/examples/${file}`, { env: { PORT: port } }));
  const { code, stdout, stderr } = await server.ending;
  other.close();
  assert.equal(stderr, `echo-server: port ${port} is in use\n`);
  assert.deepEqual([code, stdout], [1, '']);
});

test.run();
