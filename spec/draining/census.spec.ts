import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { Census } from '../../lib/draining/census.ts';
import { SLICE_MS } from '../../lib/bounds.ts';
import { suite } from '../support/suite.ts';
import { stall, until } from '../support/turns.ts';

const test = suite('the census of a server');

/** A socket at which a look takes longer than a slice. */
class SlowSocket extends EventEmitter {
  looks = 0;
  destroyed = false;
  isClosed = false;

  get closed(): boolean {
    this.looks += 1;
    stall(SLICE_MS + 1);
    return this.isClosed;
  }

  destroy(): void {
    this.destroyed = true;
  }
}

function slowCensus(followers?: ConstructorParameters<typeof Census>[1]): [Census, SlowSocket[]] {
  const census = new Census(() => {}, followers);
  const sockets = Array.from({ length: 4 }, () => new SlowSocket());
  for (const socket of sockets) census.add(socket);
  return [census, sockets];
}

test('looks at each connection once, though it is told to look again meanwhile', async () => {
  const [census, sockets] = slowCensus();
  const looks = (): number => sockets.reduce((sum, socket) => sum + socket.looks, 0);
  census.sweep();
  const once = looks();
  for (let count = 0; count < 10; count += 1) census.sweep();
  assert.equal(looks(), once);
  await until(() => sockets.at(-1)?.looks === once);
  assert.equal(looks(), sockets.length * once);
  await until(() => {
    census.sweep();
    return sockets.at(-1)?.looks === 2 * once;
  });
});

for (const tells of [true, false]) {
  test(`counts a followed connection that has closed ${tells ? 'and will be told of' : 'without an event'}`, async () => {
    const [census, [socket]] = slowCensus({ follows: () => true, tells: () => tells });
    assert.ok(socket);
    assert.equal(socket.listenerCount('close'), 0);
    socket.destroyed = true;
    socket.isClosed = true;
    census.sweep();
    await until(() => census.size === 3);
    assert.equal(census.left, tells ? 0 : 1);
  });
}

test.run();
