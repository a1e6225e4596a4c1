/**
 * What 10 000 served connections leave behind: bytes of heap for each, after a full collection,
 * with a handler that reads none of the context's signals and with one that reads both.
 *
 *     node --expose-gc --conditions=@accept-loop/source --import tsx spec/bench/serve-memory.ts
 */
// oxlint-disable no-console -- a benchmark prints its figures
import { createServer } from 'node:net';
import { type ServeContext, serve } from 'accept-loop';
import { connect, listening, portOf } from '../support/sockets.ts';

const CONNECTIONS = 10_000;
const AT_ONCE = 50;
const ROUNDS = 5;

const collect = (globalThis as { gc?: () => void }).gc;
if (collect === undefined) throw new Error('Cannot measure: run with --expose-gc');

async function heap(): Promise<number> {
  for (let count = 0; count < 4; count += 1) {
    collect?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return process.memoryUsage().heapUsed;
}

async function talk(port: number, connections: number): Promise<void> {
  for (let done = 0; done < connections; done += AT_ONCE) {
    const clients = await Promise.all(Array.from({ length: AT_ONCE }, () => connect(port)));
    for (const { socket } of clients) socket.end('hello');
    await Promise.all(clients.map(({ ending }) => ending));
  }
}

async function measure(read: (context: ServeContext) => void): Promise<number> {
  const server = await listening(createServer({ allowHalfOpen: true }));
  const serving = serve(server, async (socket, context) => {
    read(context);
    for await (const chunk of socket) socket.write(chunk as Buffer);
  });
  const port = portOf(server);
  await talk(port, 2000);
  const before = await heap();
  await talk(port, CONNECTIONS);
  const after = await heap();
  await serving.stop();
  return (after - before) / CONNECTIONS;
}

const variants: Record<string, (context: ServeContext) => void> = {
  'no signal read': () => {},
  'both signals read': ({ signal, draining }) => {
    signal.addEventListener('abort', () => {});
    draining.addEventListener('abort', () => {});
  },
};

const figures = new Map<string, number[]>(Object.keys(variants).map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, read] of Object.entries(variants)) figures.get(name)?.push(await measure(read));
}
for (const [name, all] of figures) {
  const sorted = all.toSorted((a, b) => a - b).map((bytes) => bytes.toFixed(1));
  console.log(
    `${name}: median ${sorted[ROUNDS >> 1]} bytes a connection of [${sorted.join(', ')}]`,
  );
}
