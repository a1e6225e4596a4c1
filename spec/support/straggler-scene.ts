import assert from 'node:assert/strict';
import type { Server as HttpServer } from 'node:http';
import type { Server } from 'node:net';
import type { ServeContext, Straggler } from '../../lib/index.ts';
import { drainScene } from './drain-scene.ts';
import { eventScene, serveScene } from './serve-scene.ts';
import { until, untilAborted } from './turns.ts';

interface StragglerReport {
  readonly forced: number;
  readonly stragglers: readonly Straggler[];
}

/** A server that answers nothing. */
interface StragglerScene {
  readonly server: Server;
  /** Waits until `count` clients have made a request. */
  readonly asked: (count: number) => Promise<void>;
  /** Stops the server with a short grace, and asserts that nothing is left. */
  readonly end: () => Promise<StragglerReport>;
}

/** @param unbound - An HTTP/1 or HTTP/2 server. */
type StopWith = (unbound: Server) => Promise<StragglerScene>;

/** `idle` is so long that no connection ends because of it. */
const options = { grace: 100, idle: 10_000 };

const untilLost = (_: unknown, { signal }: ServeContext): Promise<unknown> => untilAborted(signal);

export const serveRequests: StopWith = async (unbound) => {
  const { server, serving, end } = await serveScene(unbound as HttpServer, untilLost, options);
  return { server, asked: (count) => until(() => serving.stats.accepted >= count), end };
};

export const drainRequests: StopWith = async (unbound) => {
  let requests = 0;
  unbound.on('request', () => (requests += 1));
  const { server, end } = await drainScene(unbound, options);
  return { server, asked: (count) => until(() => requests >= count), end };
};

/** Serves another event than `'request'`. */
export function serveEvent(event: string): StopWith {
  return async (unbound) => {
    const { server, serving, end } = await eventScene(unbound, untilLost, { event, ...options });
    return { server, asked: (count) => until(() => serving.stats.accepted >= count), end };
  };
}

/** The fields that all stragglers of a spec share. */
interface Listed extends Pick<Straggler, 'method' | 'url'> {
  readonly leastAge?: number;
}

/** Asserts that each client is listed once, with its kind and address, and is old enough. */
export function assertListed(
  { stragglers }: Pick<StragglerReport, 'stragglers'>,
  kind: Straggler['kind'],
  ports: readonly (number | undefined)[],
  { leastAge = options.grace - 1, ...line }: Listed = {},
): void {
  const seen = stragglers.map(({ age: _age, ...straggler }) => straggler);
  const byPort = seen.toSorted((one, other) => Number(one.remotePort) - Number(other.remotePort));
  assert.deepEqual(
    byPort,
    ports
      .toSorted((one, other) => Number(one) - Number(other))
      .map((remotePort) => Object.assign({ kind, remoteAddress: '127.0.0.1', remotePort }, line)),
  );
  for (const { age } of stragglers) assert.ok(age >= leastAge, String(age));
}
