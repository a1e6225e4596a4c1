import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { killPrograms, startExample } from '../support/programs.ts';
import { connect } from '../support/sockets.ts';
import { projectRoot } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';

const test = suite('the examples', { timeout: 30_000 });
test.after.each(killPrograms);

/** What a client says and hears, by file. */
const talks: Record<string, (port: number) => Promise<void>> = {
  async 'echo-server.ts'(port) {
    const { socket, ending } = await connect(port);
    socket.end('hello');
    assert.equal((await ending).text, 'hello');
  },

  async 'first-loop.ts'(port) {
    const { text: time } = await (await connect(port)).ending;
    assert.ok(Math.abs(Date.parse(time.trim()) - Date.now()) < 60_000, time);
  },

  async 'http-loop.ts'(port) {
    const body = await new Promise<string>((resolve, reject) => {
      const request = get({ port, path: '/hello' }, (response) => resolve(text(response)));
      request.on('error', reject);
    });
    assert.equal(body, 'you asked for /hello\n');
  },

  async 'worker-pool.ts'(port) {
    const clients = await Promise.all([connect(port), connect(port), connect(port)]);
    const answers = await Promise.all(clients.map(async ({ ending }) => (await ending).text));
    const expected = ['Ada', 'Edsger', 'Grace'].map((name) => `served by ${name}\n`);
    assert.deepEqual(answers.toSorted(), expected);
  },
};

test('are all here', () => {
  const files = readdirSync(join(projectRoot, 'docs/examples'));
  assert.deepEqual(files.toSorted(), Object.keys(talks).toSorted());
});

for (const [file, talk] of Object.entries(talks)) {
  test(`run: ${file}`, async () => {
    const { port, signal, ending } = await startExample(file);
    await talk(port);
    signal('SIGTERM');
    const { code, stderr } = await ending;
    assert.deepEqual([code, stderr], [0, '']);
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

test.run();
