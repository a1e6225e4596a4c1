import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { hasLeft } from '../../lib/primitives/has-left.ts';
import { connect, listening } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';

const test = suite('hasLeft()');

const open = { closed: false, destroyed: false, pending: false, connecting: false };

for (const { what, socket, expected } of [
  { what: 'one that is open', socket: open, expected: false },
  {
    what: 'one that connects',
    socket: { ...open, pending: true, connecting: true },
    expected: false,
  },
  { what: 'one that is being destroyed', socket: { ...open, destroyed: true }, expected: false },
  {
    what: 'one that is being destroyed, and has no handle any more',
    socket: { ...open, destroyed: true, pending: true },
    expected: false,
  },
  {
    what: 'one that has closed',
    socket: { ...open, destroyed: true, closed: true },
    expected: true,
  },
  { what: 'one that another process has', socket: { ...open, pending: true }, expected: true },
  { what: 'an emitter that says nothing of all this', socket: {}, expected: false },
]) {
  test(`says ${expected} of ${what}`, () => {
    assert.equal(hasLeft(socket), expected);
  });
}

test('says false where a getter of its owner throws', () => {
  for (const name of Object.keys(open)) {
    const socket = Object.defineProperty({ ...open, pending: true }, name, {
      get() {
        throw new Error('Somebody has overridden it');
      },
    });
    assert.equal(hasLeft(socket), false, name);
  }
});

test('says it of a socket when that has closed, whoever listens', async () => {
  const server = await listening(createServer());
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const { socket: client, ending } = await connect(server);
  const [socket] = await accepted;
  assert.deepEqual([client, socket].map(hasLeft), [false, false]);
  const closed = new Promise((resolve) => client.once('close', resolve));
  socket.removeAllListeners();
  socket.destroy();
  await closed;
  await ending;
  assert.deepEqual([client, socket].map(hasLeft), [true, true]);
  server.close();
  await once(server, 'close');
});

test('says it of a stream that is no socket when that has closed', async () => {
  const stream = new PassThrough();
  assert.equal(hasLeft(stream), false);
  stream.destroy();
  await once(stream, 'close');
  assert.equal(hasLeft(stream), true);
});

test.run();
