/**
 * A server process that is stopped: `server.ts <way>`. It says its port; told anything on a line of
 * its input it stops, and answers with a `StopResult` as one line of JSON. Ends with its input.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { garbageCollector } from '../../support/garbage.ts';
import { runtime } from '../../support/runtime.ts';
import { turns } from '../../support/turns.ts';
import { watchLoop } from './loop-stall.ts';
import type { WayName } from './way-names.ts';
import { ways } from './ways.ts';

/** Clients that may wait to be accepted: more than connect at once. */
const BACKLOG = 1024;

/** What one stop was like. */
export interface StopResult {
  /** Connections that were accepted. */
  readonly accepted: number;
  /** How many had to be ended by force, as the package tells. */
  readonly forced?: number | undefined;
  /** Milliseconds from the stop's beginning until it was settled. */
  readonly settled: number;
  /** Until every connection and the server had said `'close'`, too. */
  readonly time: number;
  /** Milliseconds of processor time until then. */
  readonly cpu: number;
  /** The longest time in which the event loop stood still, in milliseconds. */
  readonly stall: number;
}

/** Deno has to be told by a flag that its garbage is to be collected on demand. */
const collect = runtime.name === 'deno' ? () => {} : garbageCollector();

const { server, stop } = ways[process.argv[2] as WayName]();
let [accepted, open] = [0, 0];
let onLast = (): void => {};
server.on('connection', (socket) => {
  accepted += 1;
  open += 1;
  socket.once('close', () => {
    open -= 1;
    if (open === 0) onLast();
  });
});
server.listen(0, '127.0.0.1', BACKLOG);
await once(server, 'listening');

async function measure(): Promise<StopResult> {
  // What the opening has left is not the stop's to collect.
  collect();
  await turns(10);
  const end = watchLoop();
  await turns(10);
  const last = new Promise<void>((resolve) => (onLast = resolve));
  const closed = once(server, 'close');
  const before = process.cpuUsage();
  const begun = performance.now();
  const elapsed = (): number => performance.now() - begun;
  const stopped = stop().then((forced) => ({ forced, settled: elapsed() }));
  await Promise.all([stopped, last, closed]);
  const time = elapsed();
  const { user, system } = process.cpuUsage(before);
  await turns(2);
  return { accepted, ...(await stopped), time, cpu: (user + system) / 1000, stall: end() };
}

process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
for await (const _ of createInterface(process.stdin)) {
  process.stdout.write(`${JSON.stringify(await measure())}\n`);
}
