import type { Server } from 'node:net';
import {
  type ConnectionOf,
  type ServeEventOptions,
  type ServeHandler,
  type ServeOptions,
  type ServeReport,
  type Serving,
  serve,
} from '../../lib/index.ts';
import { assertReport, assertStats } from './report.ts';
import { nothingLeft, settleRequests } from './scene.ts';
import { listening } from './sockets.ts';

/** A server that is being served, and a signal that stops it. */
export interface ServeScene<AnyServer> {
  readonly server: AnyServer;
  readonly serving: Serving;
  readonly stop: AbortController;
  /** The errors that `onError` was called with. */
  readonly errors: readonly unknown[];
  /** Waits for the end, and asserts that nothing is left. */
  readonly over: () => Promise<ServeReport>;
  /** Stops the serving, and then does the same. */
  readonly end: () => Promise<ServeReport>;
}

/** The options that a scene passes to `serve` by default. `idle` is short: 50 ms. */
interface SceneOptions {
  readonly signal: AbortSignal;
  readonly idle: number;
  readonly onError: (error: unknown) => void;
}

async function begin<AnyServer extends Server>(
  unbound: AnyServer,
  serveIt: (server: AnyServer, options: SceneOptions) => Serving,
): Promise<ServeScene<AnyServer>> {
  const assertNothingLeft = nothingLeft(unbound);
  const server = await listening(unbound);
  const stop = new AbortController();
  const { signal } = stop;
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  const closed = new Promise((resolve) => server.once('close', resolve));
  const serving = serveIt(server, { signal, idle: 50, onError });
  const over = async (): Promise<ServeReport> => {
    const report = await serving.finished;
    assertReport(report);
    assertStats(serving.stats);
    await closed;
    await assertNothingLeft(signal);
    return report;
  };
  const end = (): Promise<ServeReport> => {
    stop.abort();
    return over();
  };
  return { server, serving, stop, errors, over, end };
}

export function serveScene<AnyServer extends Server>(
  unbound: AnyServer,
  handler: ServeHandler<ConnectionOf<AnyServer>>,
  options: ServeOptions<ConnectionOf<AnyServer>> = {},
): Promise<ServeScene<AnyServer>> {
  return begin(settleRequests(unbound), (server, own) =>
    serve(server, handler, { ...own, ...options }),
  );
}

/** Serves one event. @param unbound - It has the listeners of its owner. */
export function eventScene<Arguments extends unknown[]>(
  unbound: Server,
  handler: ServeHandler<Arguments>,
  options: ServeEventOptions<Arguments>,
): Promise<ServeScene<Server>> {
  return begin(unbound, (server, own) => serve(server, handler, { ...own, ...options }));
}

/** A handler that answers each request at once, with its path. */
export async function answerPath([request, response]: readonly [
  { readonly url?: string | undefined },
  { end(body: string): unknown },
]): Promise<void> {
  response.end(`answer to ${request.url}`);
}
