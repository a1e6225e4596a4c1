import { createDecipheriv } from 'node:crypto';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import assert from 'node:assert/strict';
import { connect } from '../support/sockets.ts';
import { scene } from '../support/scene.ts';
import { assertCounts } from '../support/serve-counts.ts';
import { suite } from '../support/suite.ts';

const test = suite('an error that is on the connection, and is of the handler');

function throwingGetter(): Error {
  return Object.defineProperty(new Error('boom'), 'code', {
    get: () => {
      throw new Error('the getter');
    },
  });
}

/** Errors with which a handler destroys its socket, and which it throws. */
const errors: Readonly<Record<string, () => unknown>> = {
  'whose code is no string': () => Object.assign(new Error('boom'), { code: Object.create(null) }),
  'whose code throws': throwingGetter,
  'whose code is a symbol': () => Object.assign(new Error('boom'), { code: Symbol('boom') }),
};

/** Destroys a socket with an error, and throws that error. */
function failing(make: () => unknown): (socket: Socket) => void {
  return (socket) => {
    const error = make() as Error;
    socket.destroy(error);
    throw error;
  };
}

for (const [which, make] of Object.entries(errors)) {
  const fail = failing(make);
  // oxlint-disable-next-line typescript/require-await -- it rejects, and does not throw
  const handlers = { async: async (socket: Socket) => fail(socket), callback: fail };
  for (const [style, handler] of Object.entries(handlers)) {
    test(`${which} is reported once: ${style} style`, async () => {
      const { server, serving, stop, errors: reported, assertOver } = await scene(handler);
      const { ending } = await connect(server);
      await ending;
      stop.abort();
      assertCounts(await serving.finished, { accepted: 1, failed: 1 });
      assert.equal(reported.length, 1);
      assert.equal((reported[0] as Error).message, 'boom');
      await assertOver();
    });
  }
}

test('of a cipher in a pipeline with the socket is reported once', async () => {
  const {
    server,
    serving,
    stop,
    errors: reported,
    assertOver,
  } = await scene((socket) =>
    pipeline(socket, createDecipheriv('aes-128-cbc', Buffer.alloc(16), Buffer.alloc(16)), socket),
  );
  const { socket, ending } = await connect(server);
  socket.end('0123456789abcdef0123456789abcdef');
  await ending;
  stop.abort();
  assertCounts(await serving.finished, { accepted: 1, failed: 1 });
  assert.equal(reported.length, 1);
  await assertOver();
});

test.run();
