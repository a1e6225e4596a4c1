/**
 * A client process: keeps 64 clients busy against the ports that it is told on a line of its input,
 * as `<tcp ports> <http ports> <seed>` with commas, until its input ends. Clients behave, reset, or
 * give up half-way; it prints a line of JSON with what they saw every second.
 */
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { randomOf } from '../support/random.ts';

const together = 64;
const bytes = 'x'.repeat(2000);

const counts = { served: 0, gaveUp: 0, wrong: 0 };
const agent = new Agent({ keepAlive: true, maxSockets: together });
const over = new AbortController();

/** Sends bytes and has them echoed. One of ten resets the connection on the way. */
async function echo(port: number, random: () => number): Promise<boolean | undefined> {
  const socket = connect({ port, host: '127.0.0.1' });
  const resets = random() < 0.1;
  let received = 0;
  socket.on('data', (chunk) => (received += chunk.length));
  socket.on('error', () => {});
  if (resets) setTimeout(() => socket.resetAndDestroy(), random() * 3);
  else socket.end(bytes);
  await new Promise((resolve) => socket.once('close', resolve));
  return resets ? undefined : received === bytes.length;
}

/** Posts bytes and has them echoed, on a keep-alive connection. One of ten gives up on the way. */
async function post(port: number, random: () => number): Promise<boolean | undefined> {
  const givesUp = random() < 0.1;
  return new Promise((resolve) => {
    const settle = (isWhole: boolean): void => resolve(givesUp ? undefined : isWhole);
    const asked = request({ port, host: '127.0.0.1', method: 'POST', agent }, (response) => {
      let received = 0;
      response.on('data', (chunk: Buffer) => (received += chunk.length));
      response.once('close', () => settle(received === bytes.length));
    });
    asked.on('error', () => settle(false));
    asked.end(bytes);
    if (givesUp) setTimeout(() => asked.destroy(), random() * 3);
  });
}

async function visit(tcp: number[], http: number[], random: () => number): Promise<void> {
  const all = [...tcp, ...http];
  while (!over.signal.aborted) {
    const port = all[Math.floor(random() * all.length)] ?? 0;
    const outcome = await (tcp.includes(port) ? echo : post)(port, random);
    if (outcome === undefined) counts.gaveUp += 1;
    else if (outcome) counts.served += 1;
    else if (!over.signal.aborted) counts.wrong += 1;
  }
}

process.stdout.write('ready\n');
const timer = setInterval(() => process.stdout.write(`${JSON.stringify(counts)}\n`), 1000);
const visits: Promise<void>[] = [];
for await (const line of createInterface(process.stdin)) {
  const [tcp = [], http = [], [seed = 0] = []] = line
    .split(' ')
    .map((p) => p.split(',').map(Number));
  for (let count = 0; count < together; count += 1) {
    visits.push(visit(tcp, http, randomOf(seed + count)));
  }
}
over.abort();
await Promise.all(visits);
clearInterval(timer);
agent.destroy();
process.stdout.write(`${JSON.stringify(counts)}\n`);
