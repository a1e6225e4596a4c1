import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { Diagnostics } from '../../lib/diagnostics.ts';
import type { ServeContext } from 'accept-loop';
import type { Closable } from '../../lib/protocols/protocol.ts';
import { socketProtocol } from '../../lib/protocols/socket.ts';
import { Task } from '../../lib/serving/task.ts';
import { TaskRunner } from '../../lib/serving/task-runner.ts';
import { suite } from '../support/suite.ts';

const test = suite('an idle connection of serve');

const times = { flush: 0, linger: 0, onError: undefined };
const nothing = (): void => {};
const never = (): Promise<never> => new Promise(() => {});

for (const [how, handler] of [
  ['reads no signal', never],
  ['has read its signal', (_: unknown, { signal }: ServeContext) => signal && never()],
] as const) {
  test(`has no closable before it ends, also after a look, when its handler ${how}`, () => {
    let made = 0;
    const protocol = {
      ...socketProtocol('connection'),
      closable(): Closable {
        made += 1;
        throw new Error('Nobody needs it yet');
      },
    };
    const scope = { protocol, draining: undefined };
    const runner = new TaskRunner(new Diagnostics({}), scope, handler, times, nothing);
    runner.start(new Task(new PassThrough() as never, scope));
    runner.sweep();
    assert.deepEqual([runner.size, made], [1, 0]);
  });
}

test.run();
