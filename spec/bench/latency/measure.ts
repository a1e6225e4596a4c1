import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import type { LineProcess } from '../../support/line-process.ts';
import type { BenchServer } from '../bench-server.ts';

/** Some clients of a server, each with a connection. */
export interface Clients {
  readonly count: number;
  /** Microseconds between two requests of all; 0: each client asks again as soon as it is answered. */
  readonly interval: number;
}

export interface Load {
  readonly server: Clients;
  readonly neighbour: Clients;
  /** Connections to the neighbour that are kept and idle. Node would end them after five seconds. */
  readonly idle: number;
  /** Milliseconds of load before the stop. */
  readonly lead: number;
  /** Milliseconds from the stop on that are measured. */
  readonly window: number;
}

/** What the clients of a server saw in the window. */
export interface Seen {
  readonly failed: number;
  /** Of each answered request, in µs. */
  readonly latencies: readonly number[];
}

export interface Turn {
  readonly server: Seen;
  readonly neighbour: Seen;
  /** Milliseconds from the signal to the end of the neighbour's process; `NaN` if it does not stop. */
  readonly stop: number;
}

/** What clients.c says of a run. */
interface Run {
  /** The moment of the stop, in milliseconds. */
  readonly stopped: number;
  /** Idle connections that were not ended. */
  readonly idle: number;
  readonly server: Seen;
  readonly neighbour: Seen;
}

export interface Scene {
  /** See clients.c. */
  readonly clients: LineProcess;
  readonly server: BenchServer;
  /** It has just been started. */
  readonly neighbour: BenchServer;
  /** Whether the neighbour is told to stop. Otherwise the window begins at that time all the same. */
  readonly isStopped: boolean;
}

/** Milliseconds for which a neighbour may go on when its clients have gone. */
const PATIENCE_MS = 5000;

/**
 * Runs the clients of a server and of its neighbour, and ends the neighbour.
 *
 * @throws If the server has failed a request, or the neighbour has not ended what it had to end.
 */
export async function measure(scene: Scene, load: Load): Promise<Turn> {
  const { clients, server, neighbour, isStopped } = scene;
  const { child, port, stop } = neighbour;
  const ended = once(child, 'exit').then(Date.now);
  const fail = (text: string): never => {
    throw new Error(`${child.spawnargs.join(' ')}: ${text}`);
  };
  try {
    await clients.ask('hold', port, load.idle);
    const target = isStopped ? (child.pid ?? 0) : 0;
    const served = [server.port, load.server.count, load.server.interval];
    const beside = [port, load.neighbour.count, load.neighbour.interval];
    const order = ['run', ...served, ...beside, target, load.lead, load.window] as const;
    const run = JSON.parse(await clients.ask(...order)) as Run;
    if (run.server.failed > 0) fail(`${run.server.failed} requests of the other have failed`);
    if (run.idle !== (isStopped ? 0 : load.idle))
      fail(`${run.idle} of ${load.idle} idle connections are left`);
    if (!isStopped) return { ...run, stop: NaN };
    const end = await Promise.race([ended, setTimeout(PATIENCE_MS, NaN, { ref: false })]);
    if (Number.isNaN(end)) fail('has not ended');
    return { ...run, stop: end - run.stopped };
  } finally {
    await stop();
  }
}
