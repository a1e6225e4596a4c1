import assert from 'node:assert/strict';
import { channel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drain } from 'accept-loop';
import { WebSocketServer } from 'ws';
import { limits } from '../support/limits.ts';
import { connect, listening } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { until } from '../support/turns.ts';

const test = suite('sockets of a standalone WebSocketServer');

const accepted = channel('net.server.socket');

const path = (name: string): string => join(tmpdir(), `accept-loop-${process.pid}-${name}`);

test('are listened for until it is over, and where there are any', async () => {
  for (const { options, listens } of [
    { options: { port: 0, host: '127.0.0.1' }, listens: true },
    { options: { noServer: true }, listens: false },
  ]) {
    const server = new WebSocketServer(options);
    const stop = new AbortController();
    const drained = drain(server, stop.signal);
    assert.equal(accepted.hasSubscribers, listens);
    stop.abort();
    // oxlint-disable-next-line no-await-in-loop -- One at a time.
    await drained;
    assert.equal(accepted.hasSubscribers, false);
  }
});

test(
  'are those of any address when it listens on all',
  async () => {
    const server = new WebSocketServer({ port: 0 });
    await once(server, 'listening');
    const stop = new AbortController();
    const drained = drain(server, { signal: stop.signal, idle: 0 });
    const { port } = server.address() as { port: number };
    const { ending } = await connect(port);
    stop.abort();
    await ending;
    const { finished, forced } = await drained;
    assert.deepEqual([finished, forced], [1, 0]);
  },
  { cannot: limits.standaloneSockets },
);

test('are not those of a Unix socket, which cannot be told apart', async () => {
  const other = createServer().listen(path('other'));
  await once(other, 'listening');
  const server = new WebSocketServer({ port: path('own') as never });
  await once(server, 'listening');
  const stop = new AbortController();
  const drained = drain(server, { signal: stop.signal, idle: 0 });
  const accepts = once(other, 'connection');
  const { socket, ending } = await connect(path('other'));
  await accepts;
  stop.abort();
  const { finished, forced } = await drained;
  assert.deepEqual([finished, forced], [0, 0]);
  socket.destroy();
  await ending;
  other.close();
  await until(() => !other.listening);
});

test('leave the clients of a server alone that has the port of another address', async () => {
  const other = await listening(createServer());
  const { port } = other.address() as { port: number };
  const server = new WebSocketServer({ port, host: '127.0.0.2' });
  await once(server, 'listening');
  const stop = new AbortController();
  const drained = drain(server, { signal: stop.signal, idle: 0 });
  const accepts = once(other, 'connection');
  const { socket, ending } = await connect(other);
  await accepts;
  stop.abort();
  const { finished, forced } = await drained;
  assert.deepEqual([finished, forced], [0, 0]);
  assert.equal(socket.destroyed, false);
  socket.destroy();
  await ending;
  other.close();
});

test.run();
