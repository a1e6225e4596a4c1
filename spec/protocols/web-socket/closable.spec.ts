import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import {
  webSocketProtocol,
  type WebSocketLike,
} from '../../../lib/protocols/web-socket/web-socket.ts';
import { type FakeTimer, withFakeTimers } from '../../support/fake-timers.ts';
import { suite } from '../../support/suite.ts';

const test = suite('the end of a WebSocket');

/** A WebSocket of some class, to whose client nothing leaves. */
class Stuck extends EventEmitter {
  readyState = 1;
  bufferedAmount = 1;
  close(): void {
    this.readyState = 2;
  }
  pause(): void {}
  resume(): void {}
  terminate(): void {}
}

/** Ends it, and fires so many timers. */
function end(webSocket: Stuck, timers: readonly FakeTimer[], looks: number): () => number {
  const connection: [WebSocketLike, IncomingMessage] = [webSocket, {} as IncomingMessage];
  let flushed = 0;
  webSocketProtocol.closable(connection).end?.(() => (flushed += 1));
  for (let look = 0; look < looks; look += 1) timers[look]?.fire();
  return () => flushed;
}

test('is looked at ever more seldom while nothing leaves: thousands may read nothing', () => {
  withFakeTimers((timers) => {
    const flushed = end(new Stuck(), timers, 8);
    assert.equal(flushed(), 0);
    assert.deepEqual(
      timers.map(({ milliseconds }) => milliseconds),
      [20, 40, 80, 160, 320, 640, 1000, 1000, 1000],
    );
    assert.ok(timers.every(({ holds }) => !holds));
  });
});

for (const [title, change] of [
  ['everything has left', (webSocket: Stuck): unknown => (webSocket.bufferedAmount = 0)],
  ['it has closed', (webSocket: Stuck): unknown => (webSocket.readyState = 3)],
] as const) {
  test(`is told once, when ${title}`, () => {
    withFakeTimers((timers) => {
      const webSocket = new Stuck();
      const flushed = end(webSocket, timers, 2);
      assert.equal(flushed(), 0);
      change(webSocket);
      timers[2]?.fire();
      assert.equal(flushed(), 1);
      assert.equal(timers.length, 3);
    });
  });
}

test.run();
