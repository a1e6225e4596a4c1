import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { HeldBack } from '../../../lib/protocols/http/held-back.ts';
import { limits } from '../../support/limits.ts';
import { suite } from '../../support/suite.ts';
import { turns } from '../../support/turns.ts';

const test = suite('sockets that are held back');

test(
  'are so many at the most: there has to be room for what is read of them afterwards',
  async () => {
    const heldBack = new HeldBack(2);
    const sockets = Array.from({ length: 3 }, () => new Socket());
    for (const socket of sockets) heldBack.add(socket);
    await turns(1);
    assert.deepEqual(
      sockets.map((socket) => socket.isPaused()),
      [true, true, false],
    );
    heldBack.release();
    assert.deepEqual(
      sockets.map((socket) => socket.isPaused()),
      [false, false, false],
    );
  },
  { cannot: limits.exactLastCall },
);

test.run();
