import assert from 'node:assert/strict';
import { on, once } from 'node:events';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { limits } from '../support/limits.ts';
import { connect, listening } from '../support/sockets.ts';
import { spawnScript } from '../support/spawn-script.ts';
import { suite } from '../support/suite.ts';
import { turns } from '../support/turns.ts';

// What README says of it, on the runtimes of today.
const test = suite("events.on(server, 'connection')");

test('rejects when the signal aborts, and leaves the server listening', async () => {
  const server = await listening(createServer());
  const stop = new AbortController();
  const connections = on(server, 'connection', { signal: stop.signal });
  const pending = connections.next();
  stop.abort();
  await assert.rejects(pending, { name: 'AbortError' });
  assert.equal(server.listening, true);
  server.close();
});

test('leaves the server listening after a break, and what waits open', async () => {
  const server = await listening(createServer());
  const connections = on(server, 'connection');
  const clients = [await connect(server), await connect(server)];
  await turns(10);
  for await (const [socket] of connections) {
    socket.destroy();
    break;
  }
  assert.equal(server.listening, true);
  await turns(10);
  assert.equal(clients[1]?.socket.readyState, 'open');
  server.close();
  for (const { socket, ending } of clients) {
    socket.destroy();
    await ending;
  }
});

test('does not end while a connection lives', async () => {
  const server = await listening(createServer());
  const connections = on(server, 'connection', { close: ['close'] });
  const { socket, ending } = await connect(server);
  await connections.next();
  let ended = false;
  const pending = connections.next().then(() => (ended = true));
  server.close();
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(ended, false);
  socket.destroy();
  await Promise.all([ending, pending]);
});

test(
  'crashes the process when a client resets while it waits; acceptLoop does not',
  async () => {
    for (const [loop, survives] of [
      ['events.on', false],
      ['acceptLoop', true],
    ] as const) {
      const child = spawnScript('spec/fixtures/queued-reset.ts', { args: [loop] });
      const exited = once(child, 'exit');
      const { stdout, stderr } = child;
      assert.ok(stdout && stderr);
      const [output, errors] = await Promise.all([text(stdout), text(stderr)]);
      const [code] = await exited;
      assert.equal(code === 0, survives, errors);
      assert.equal(output.includes('survived'), survives);
      if (!survives) assert.match(errors, /ECONNRESET/);
    }
  },
  { cannot: limits.resetVisible },
);

test.run();
