import assert from 'node:assert/strict';
import type { Server } from 'node:net';
import {
  type ServeEventOptions,
  type ServeHandler,
  type ServeReport,
  type Serving,
  serve,
} from '../../lib/index.ts';
import { abortListeners, listenersOn } from './listeners.ts';
import { assertReport, assertStats } from './report.ts';
import { connectionsOf } from './scene.ts';
import { listening } from './sockets.ts';

/** A server of which one event is served, with a signal that stops it. */
export interface EventScene {
  readonly server: Server;
  readonly serving: Serving;
  readonly stop: AbortController;
  /** What `onError` was called with. */
  readonly errors: readonly unknown[];
  /** Waits for its end, and asserts that nothing is left. */
  readonly over: () => Promise<ServeReport>;
  /** Stops it, and does the same. */
  readonly end: () => Promise<ServeReport>;
}

/** @param unbound - With its owner's listeners. Its idle time is short: 50 ms. */
export async function eventScene<Arguments extends unknown[]>(
  unbound: Server,
  handler: ServeHandler<Arguments>,
  options: ServeEventOptions<Arguments>,
): Promise<EventScene> {
  const before = listenersOn(unbound);
  const server = await listening(unbound);
  const stop = new AbortController();
  const { signal } = stop;
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  const closed = new Promise((resolve) => server.once('close', resolve));
  const serving = serve(server, handler, { signal, idle: 50, onError, ...options });
  const over = async (): Promise<ServeReport> => {
    const report = await serving.finished;
    assertReport(report);
    assertStats(serving.stats);
    await closed;
    assert.equal(await connectionsOf(server), 0);
    assert.deepEqual(listenersOn(server), before);
    assert.equal(abortListeners(signal), 0);
    return report;
  };
  const end = (): Promise<ServeReport> => {
    stop.abort();
    return over();
  };
  return { server, serving, stop, errors, over, end };
}
