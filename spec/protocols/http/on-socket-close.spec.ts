import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { onSocketClose } from '../../../lib/protocols/http/on-socket-close.ts';
import { garbageCollector } from '../../support/garbage.ts';
import { runtime } from '../../support/runtime.ts';
import { suite } from '../../support/suite.ts';

const test = suite('waiting for a socket to close');

test('calls back whoever waits, once, with a single listener', () => {
  const socket = new EventEmitter();
  const called: string[] = [];
  onSocketClose(socket, () => called.push('first'));
  const cancel = onSocketClose(socket, () => called.push('second'));
  onSocketClose(socket, () => called.push('third'));
  assert.equal(socket.listenerCount('close'), 1);
  cancel();
  socket.emit('close');
  socket.emit('close');
  assert.deepEqual(called, ['first', 'third']);
  assert.equal(socket.listenerCount('close'), 0);
});

/** As an exchange of a connection that is kept: it has waited, and is over. */
function waitInVain(socket: EventEmitter): WeakRef<object> {
  const request = { headers: 'of the first request' };
  const cancel = onSocketClose(socket, () => assert.fail(request.headers));
  cancel();
  return new WeakRef(request);
}

// Deno collects garbage on request only if its command line says so.
if (runtime.name !== 'deno') {
  test('keeps nothing alive of who waits no more', async () => {
    const sockets = Array.from({ length: 100 }, () => new EventEmitter());
    const requests = sockets.map(waitInVain);
    const collect = garbageCollector();
    for (let count = 0; count < 3; count += 1) {
      await setImmediate();
      collect();
    }
    // A collector that looks at the stack may find one or another there.
    const left = requests.filter((request) => request.deref() !== undefined);
    assert.ok(left.length < 10, `${left.length} of 100 are left`);
    for (const socket of sockets) socket.emit('close');
  });
}

test.run();
