import assert from 'node:assert/strict';
import type { EventEmitter } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { serve, type ServeHandler, type ServeOptions, type Serving } from '../../lib/index.ts';
import { abortListeners, listenersOn } from './listeners.ts';
import { assertStats } from './report.ts';
import { listening } from './sockets.ts';
import { turns } from './turns.ts';

/** A TCP server that is served, and a check that nothing is left when it is over. */
export interface Scene {
  readonly server: Server;
  readonly serving: Serving;
  readonly stop: AbortController;
  /** The errors that `onError` was called with. */
  readonly errors: unknown[];
  /** Asserts that nothing of the serving is left. */
  readonly assertOver: () => Promise<void>;
}

export async function scene(
  handler: ServeHandler<Socket>,
  options: ServeOptions<Socket> & { allowHalfOpen?: boolean } = {},
): Promise<Scene> {
  const { allowHalfOpen = true, ...others } = options;
  const server = await listening(createServer({ allowHalfOpen }));
  const assertNothingLeft = nothingLeft(server);
  const stop = new AbortController();
  const errors: unknown[] = [];
  const serving = serve(server, handler, {
    signal: stop.signal,
    onError: (error) => errors.push(error),
    ...others,
  });
  return {
    server,
    serving,
    stop,
    errors,
    async assertOver() {
      assertStats(serving.stats);
      await assertNothingLeft(stop.signal);
      await turns(2);
    },
  };
}

/**
 * Call it before a server is used.
 *
 * @returns A function that asserts afterwards that nothing is left.
 */
export function nothingLeft(server: Server): (signal: AbortSignal) => Promise<void> {
  const before = listenersOn(server);
  return async (signal) => {
    assert.deepEqual(listenersOn(server), before);
    assert.equal(abortListeners(signal), 0);
    assert.equal(server.listening, false);
    assert.equal(await connectionsOf(server), 0);
  };
}

function nobody(): void {}

/**
 * At the first listener for `'request'`, an HTTP/2 server replaces one of its own listeners. This
 * makes it do so now, so that the listeners can be compared later.
 */
export function settleRequests<AnyServer extends EventEmitter>(server: AnyServer): AnyServer {
  return server.on('request', nobody).off('request', nobody);
}

/** How many connections a server has. */
export function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
}

/** A promise, and the function that resolves it. */
export function gate<Value = void>(): { opened: Promise<Value>; open: (value: Value) => void } {
  const resolvers: ((value: Value) => void)[] = [];
  const opened = new Promise<Value>((resolve) => void resolvers.push(resolve));
  return { opened, open: (value) => resolvers[0]?.(value) };
}
