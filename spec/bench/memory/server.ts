/**
 * A server process whose memory is looked at: `server.ts <way>`. Told on a line of its input
 *
 * - `look <open> <came>`, it waits until so many connections are open and so many have come in all,
 * - `stop`, it ends what it has begun,
 *
 * and prints a `Look` as one line of JSON.
 */
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { listen } from 'accept-loop';
import { garbageCollector } from '../../support/garbage.ts';
import { runtime } from '../../support/runtime.ts';
import { portOf } from '../../support/sockets.ts';
import type { Look } from './types.ts';
import { ways } from './ways.ts';

/** Milliseconds for all to arrive, and to go. */
const PATIENCE = 20_000;

/** Milliseconds, after which idle connections have given back what they need for a request alone. */
const IDLE = 1100;

/** Some things can only be collected when others have been: what a finalizer holds. */
const COLLECTIONS = 4;

const [, , name = ''] = process.argv;
const start = ways[name];
if (start === undefined) throw new Error(`Cannot hold connections: no such way: ${name}`);
// Code that has not run for a while would go at some collection, megabytes of it. Deno has to be told.
if (runtime.name === 'node') setFlagsFromString('--no-flush-bytecode');
const collect = garbageCollector();
const holding = start();
const { server } = holding;

function openConnections(): Promise<number> {
  return new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
}

async function settle(open: number, came: number): Promise<void> {
  const end = performance.now() + PATIENCE;
  while ((await openConnections()) !== open || holding.came() !== came) {
    if (performance.now() > end) {
      const seen = `${await openConnections()} open, ${holding.came()} came`;
      throw new Error(`Cannot look: ${seen}, wanted ${open} and ${came}`);
    }
    await setTimeout(10);
  }
}

async function look(): Promise<Look> {
  await setTimeout(IDLE);
  for (let count = 0; count < COLLECTIONS; count += 1) {
    await setTimeout(20);
    collect();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed, external, resident: rss };
}

await listen(server, { port: 0, host: '127.0.0.1' });
process.stdout.write(`${portOf(server)}\n`);
for await (const line of createInterface(process.stdin)) {
  const [what, open, came] = line.split(' ');
  if (what === 'look') await settle(Number(open), Number(came));
  else await holding.stop();
  process.stdout.write(`${JSON.stringify(await look())}\n`);
}
// After a failure something may still be open.
process.exit();
