/**
 * How many clients a stop loses: the figures of docs/decisions/0001-last-call.md.
 *
 * `node --conditions=@accept-loop/source --import tsx spec/bench/last-call.ts [stops] [clients] [spread] [abort]`:
 * so many stops, each with so many clients from a process of their own that connect within `spread`
 * ms, and an abort at a random moment within `abort` ms.
 */
import { createServer } from 'node:net';
import { acceptLoop } from 'accept-loop';
import { burstClient } from '../support/burst-client.ts';
import { runtime } from '../support/runtime.ts';
import { listening, portOf } from '../support/sockets.ts';

const [stops = 60, clients = 100, spread = 20, abort = 30] = process.argv.slice(2).map(Number);
const client = await burstClient();
const total: Record<string, number> = {};
const times: number[] = [];

async function stopOnce(): Promise<void> {
  const server = await listening(createServer());
  const stop = new AbortController();
  const outcomes = client.burst(portOf(server), clients, spread);
  let begun = 0;
  setTimeout(() => {
    begun = performance.now();
    stop.abort();
  }, Math.random() * abort);
  for await (const connection of acceptLoop(server, stop.signal)) connection.end('hello');
  times.push(performance.now() - begun);
  for (const [outcome, count] of Object.entries(await outcomes)) {
    total[outcome] = (total[outcome] ?? 0) + Number(count);
  }
}

for (let round = 0; round < stops; round += 1) await stopOnce();
await client.stop();

const sorted = times.toSorted((one, other) => one - other);
const median = sorted[sorted.length >> 1] ?? NaN;
const most = sorted.at(-1) ?? NaN;
process.stdout.write(
  `${runtime.label}: ${JSON.stringify(total)}, abort to end ${median.toFixed(1)} ms median, ` +
    `${most.toFixed(1)} ms at most\n`,
);
