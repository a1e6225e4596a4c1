import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { acceptLoop, serve } from 'accept-loop';
import { connect, listening } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';

const test = suite('a connection that its owner has just ended');

// A handle that is being shut down cannot be reset: Node says 'error', and never closes it then.

test('is closed when it is refused: the queue is full', async () => {
  const server = await listening(createServer());
  server.on('connection', (socket: Socket) => socket.end());
  const loop = acceptLoop(server, { maxQueued: 0 });
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const { ending } = await connect(server);
  const [socket] = await accepted;
  await Promise.all([ending, once(socket, 'close')]);
  assert.equal(loop.stats.shed, 1);
  await loop.return();
});

test('is closed when it is refused: the loop was left in the same turn', async () => {
  const server = await listening(createServer());
  const loop = acceptLoop(server);
  const closed = once(server, 'close');
  server.on('connection', (socket: Socket) => {
    socket.end('goodbye');
    void loop.return();
  });
  const { ending } = await connect(server);
  await Promise.all([ending, closed]);
  assert.equal(loop.stats.discarded, 1);
});

test('is closed when it is refused: grace is over', async () => {
  const server = await listening(createServer());
  server.on('connection', (socket: Socket) => {
    socket.end();
    void serving.stop({ grace: 0 });
  });
  const serving = serve(server, () => {}, { concurrency: 1 });
  const { ending } = await connect(server);
  await serving.finished;
  await ending;
});

test('is closed when it is refused: an emitter has brought it', async () => {
  const server = await listening(createServer());
  const emitter = new EventEmitter();
  const loop = acceptLoop(emitter, { event: 'guest', maxQueued: 0 });
  const closed = new Promise<void>((resolve) => {
    server.on('connection', (socket: Socket) => {
      socket.on('close', () => resolve());
      socket.end();
      emitter.emit('guest', socket);
    });
  });
  const { ending } = await connect(server);
  await Promise.all([ending, closed]);
  assert.equal(loop.stats.shed, 1);
  await loop.return();
  server.close();
  await once(server, 'close');
});

test.run();
