/**
 * A server process that is soaked: `process.ts <ours | bare> <seconds>`. It has a client process of
 * its own, looks at its memory every five seconds, and prints a `Soak` as one line of JSON.
 */
import { createInterface } from 'node:readline';
import { garbageCollector } from '../../support/garbage.ts';
import { spawnNode } from '../../support/spawn-script.ts';
import { starts } from './servers.ts';
import type { Sample, Seen } from './types.ts';

/** Milliseconds between two looks at the memory. */
const EVERY = 5000;

const [, , name = '', seconds = ''] = process.argv;
const collect = garbageCollector();
const soaked = await starts[name]?.();
if (soaked === undefined) throw new Error(`Cannot soak: no such servers: ${name}`);

const child = spawnNode('spec/clients/soak.ts', { stdio: ['pipe', 'pipe', 'inherit'] });
if (child.stdin === null || child.stdout === null) throw new Error('Cannot talk to the client');
let seen: Seen = { served: 0, gaveUp: 0, wrong: 0 };
const heard = (async (output: NodeJS.ReadableStream): Promise<void> => {
  for await (const line of createInterface(output)) {
    if (line !== 'ready') seen = JSON.parse(line) as Seen;
  }
})(child.stdout);
const seed = Math.floor(Math.random() * 2 ** 31);
child.stdin.write(`${soaked.tcpPorts.join()} ${soaked.httpPorts.join()} ${seed}\n`);

const begun = performance.now();
const elapsed = (): number => (performance.now() - begun) / 1000;
const samples: Sample[] = [];
while (elapsed() < Number(seconds)) {
  await new Promise((resolve) => setTimeout(resolve, EVERY));
  collect();
  const { heapUsed: heap, rss: resident } = process.memoryUsage();
  samples.push({ seconds: elapsed(), connections: soaked.count(), heap, resident });
}
child.stdin.end();
await heard;
const [count, active] = [soaked.count(), soaked.active()];
const forced = await soaked.stop();
process.stdout.write(`${JSON.stringify({ samples, seen, count, active, forced })}\n`);
