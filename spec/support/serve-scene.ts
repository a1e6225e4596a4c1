import assert from 'node:assert/strict';
import type { Server } from 'node:net';
import {
  type ConnectionOf,
  type ServeHandler,
  type ServeOptions,
  type ServeReport,
  type Serving,
  serve,
} from '../../lib/index.ts';
import { abortListeners, listenersOn } from './listeners.ts';
import { assertReport, assertStats } from './report.ts';
import { connectionsOf } from './scene.ts';
import { listening } from './sockets.ts';

/** A server that is being served, with a signal that stops it. */
export interface ServeScene<AnyServer> {
  readonly server: AnyServer;
  readonly serving: Serving;
  readonly stop: AbortController;
  /** Waits for its end, and asserts that nothing is left. */
  readonly over: () => Promise<ServeReport>;
  /** Stops it, and does the same. */
  readonly end: () => Promise<ServeReport>;
}

function nobody(): void {}

export async function serveScene<AnyServer extends Server>(
  unbound: AnyServer,
  handler: ServeHandler<ConnectionOf<AnyServer>>,
  options: ServeOptions<ConnectionOf<AnyServer>> = {},
): Promise<ServeScene<AnyServer>> {
  // The first one has an HTTP/2 server put a listener of its own in the place of another.
  unbound.on('request', nobody).off('request', nobody);
  const before = listenersOn(unbound);
  const server = await listening(unbound);
  const stop = new AbortController();
  const { signal } = stop;
  const closed = new Promise((resolve) => server.once('close', resolve));
  const serving = serve(server, handler, { signal, idle: 50, ...options });
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
  return { server, serving, stop, over, end };
}
