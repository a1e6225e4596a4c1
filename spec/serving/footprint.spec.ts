import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { Diagnostics } from '../../lib/diagnostics.ts';
import type { Closable } from '../../lib/protocols/protocol.ts';
import { socketProtocol } from '../../lib/protocols/socket.ts';
import { Task } from '../../lib/serving/task.ts';
import { TaskRunner } from '../../lib/serving/task-runner.ts';
import { suite } from '../support/suite.ts';

const test = suite('what a connection of serve takes of the heap');

const times = { flush: 0, linger: 0, onError: undefined };
const nothing = (): void => {};
const never = (): Promise<never> => new Promise(() => {});

test('is its task alone while its handler runs and reads no signal, also after a look', () => {
  let made = 0;
  const protocol = {
    ...socketProtocol('connection'),
    closable(): Closable {
      made += 1;
      throw new Error('Nobody needs it yet');
    },
  };
  const scope = { protocol, draining: undefined };
  const runner = new TaskRunner(new Diagnostics({}), scope, never, times, nothing);
  const socket = new PassThrough();
  runner.start(new Task(socket as never, scope));
  runner.sweep();
  assert.deepEqual([runner.size, made], [1, 0]);
  assert.equal(socket.listenerCount('close'), new PassThrough().listenerCount('close'));
});

test.run();
