import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:net';
import { type ConnectionServer, drain } from 'accept-loop';
import { abortListeners } from './listeners.ts';
import { connectionsOf } from './scene.ts';

export interface Busy {
  /** Counts the open connections, and aborts the signal. Later connections are counted, too. */
  readonly stop: () => Promise<void>;
  /** Waits for the end of the drain, and asserts that all connections have ended in order. */
  readonly over: () => Promise<void>;
}

/**
 * Drains a server at a signal, like an application that calls `drain` at start-up.
 *
 * @param server - The server that listens.
 * @param drained - The server to drain, if that is a WebSocket server that is attached to `server`.
 */
export function drainLater(server: Server, drained: ConnectionServer = server): Busy {
  const controller = new AbortController();
  const { signal } = controller;
  const reporting = drain(drained, { signal });
  const closed = once(server, 'close');
  let connections = 0;
  return {
    async stop() {
      connections = await connectionsOf(server);
      server.on('connection', () => (connections += 1));
      controller.abort();
    },
    async over() {
      const { finished, forced, stragglers } = await reporting;
      assert.deepEqual([finished, forced, stragglers], [connections, 0, []]);
      assert.equal(server.listening, false);
      await closed;
      assert.equal(await connectionsOf(server), 0);
      assert.equal(abortListeners(signal), 0);
    },
  };
}
