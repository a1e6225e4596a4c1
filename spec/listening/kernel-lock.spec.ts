import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Server } from 'node:net';
import { awaitKernelLock, takeKernelLock } from '../../lib/listening/kernel-lock.ts';
import { limits } from '../support/limits.ts';
import { suite } from '../support/suite.ts';

const test = suite('a lock that the kernel keeps');
const linux = { cannot: limits.staleSockets };

const unused = (): string => `accept-loop/spec/${randomUUID()}`;

test(
  'is taken by one at a time',
  async () => {
    const key = unused();
    const release = await takeKernelLock(key);
    assert.equal(await takeKernelLock(key), undefined);
    release?.();
    const again = await takeKernelLock(key);
    assert.equal(typeof again, 'function');
    again?.();
  },
  linux,
);

test(
  'is waited for until it is given back, and not when nobody has it',
  async () => {
    const key = unused();
    await awaitKernelLock(key, 60_000, undefined);
    const release = await takeKernelLock(key);
    const order: string[] = [];
    const waiting = awaitKernelLock(key, 60_000, undefined).then(() => order.push('over'));
    setImmediate(() => {
      order.push('given back');
      release?.();
    });
    await waiting;
    assert.deepEqual(order, ['given back', 'over']);
  },
  linux,
);

test(
  'is not taken, and not said to be, when a bind fails for another reason',
  async () => {
    const listen: unknown = Reflect.get(Server.prototype, 'listen');
    const failure = Object.assign(new Error('no more files'), { code: 'EMFILE' });
    Server.prototype.listen = function (): Server {
      this.emit('error', failure);
      return this;
    };
    try {
      await assert.rejects(takeKernelLock(unused()), failure);
    } finally {
      Object.assign(Server.prototype, { listen });
    }
  },
  linux,
);

test.run();
