import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';
import { drain, type Draining, type DrainOptions, type DrainReport } from 'accept-loop';
import { countCloseEvents } from './count-closes.ts';
import { get } from './http-messages.ts';
import { nothingLeft, settleRequests } from './scene.ts';
import { type Client, listening } from './sockets.ts';
import { turns, until } from './turns.ts';

/** A server with its own handlers that is drained, and a signal that begins the shutdown. */
export interface DrainScene<AnyServer> {
  readonly server: AnyServer;
  readonly drained: Draining;
  readonly stop: AbortController;
  /** Waits for the end. Asserts that the report adds up, and that nothing is left. */
  readonly over: () => Promise<DrainReport>;
  /** Begins the shutdown, and then does the same. */
  readonly end: () => Promise<DrainReport>;
}

interface SceneOptions extends DrainOptions {
  /** Called before `drain` is called, for clients that come too early. */
  readonly before?: () => unknown;
  /** A Unix socket to listen on. */
  readonly path?: string;
}

/** @param unbound - A server that does not listen yet. Its idle time is short: 50 ms. */
export async function drainScene<AnyServer extends Server>(
  unbound: AnyServer,
  { before, path, ...options }: SceneOptions = {},
): Promise<DrainScene<AnyServer>> {
  settleRequests(unbound);
  const closes = countCloseEvents(unbound);
  const count = countConnections(unbound);
  const assertNothingLeft = nothingLeft(unbound);
  const server = await listening(unbound, path);
  await before?.();
  const stop = new AbortController();
  const { signal } = stop;
  const drained = drain(server, { signal, idle: 50, ...options });
  const over = async (): Promise<DrainReport> => {
    const report = await drained;
    await until(() => closes() > 0);
    await turns(5);
    const { finished, forced, stragglers } = report;
    assert.equal(finished + forced, count(), JSON.stringify(report));
    assert.equal(forced, stragglers.length, JSON.stringify(report));
    assert.equal(closes(), 1, "'close' is emitted once");
    await assertNothingLeft(signal);
    return report;
  };
  const end = (): Promise<DrainReport> => {
    stop.abort();
    return over();
  };
  return { server, drained, stop, over, end };
}

/** Counts the connections that are open when the shutdown begins, and those that come after. */
function countConnections(server: Server): () => number {
  const open = new Set<Socket>();
  let total = 0;
  server.on('connection', (socket) => {
    open.add(socket);
    total += 1;
    socket.once('close', () => open.delete(socket));
  });
  const onDrain = (message: unknown): void => {
    if ((message as { server: object }).server !== server) return;
    unsubscribe('accept-loop:drain', onDrain);
    total = open.size;
  };
  subscribe('accept-loop:drain', onDrain);
  return () => total;
}

/** Requests that wait until the test answers them. */
export interface Held {
  readonly hold: RequestListener;
  readonly requests: readonly IncomingMessage[];
  readonly responses: readonly ServerResponse[];
  /** Waits until `count` requests have arrived. */
  readonly arrived: (count: number) => Promise<void>;
}

export function held(): Held {
  const requests: IncomingMessage[] = [];
  const responses: ServerResponse[] = [];
  return {
    hold(request, response) {
      requests.push(request);
      responses.push(response);
    },
    requests,
    responses,
    arrived: (count) => until(() => responses.length >= count),
  };
}

/** Answers each request at once, with its path. */
export const answer: RequestListener = ({ url }, response) => {
  response.end(`answer to ${url}`);
};

/** Makes a request and reads the answer, so that the connection is idle. */
export async function becomeIdle({ socket }: Client, path = '/'): Promise<void> {
  socket.write(get(path));
  await once(socket, 'data');
}

/** Waits until a response is the last one of its connection, which it says by its header. */
export const told = (response: ServerResponse | undefined): Promise<void> =>
  until(() => response?.shouldKeepAlive === false);
