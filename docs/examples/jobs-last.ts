/**
 * The server stops first, and then its jobs finish. Each line from a client is an order. The server
 * acknowledges it at once, and a job works it off. On Ctrl-C the server takes its last orders. When
 * the server has closed, the job works off the orders that are left, and the program ends.
 *
 *     PORT=8000 node jobs-last.ts
 *     seq 100 | nc -N 127.0.0.1 8000
 */
// oxlint-disable no-console -- an example writes to the terminal
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { listen, serve, shutdownSignal, taskGroup } from 'accept-loop';

const stop = shutdownSignal();
const orders = new PassThrough({ objectMode: true, highWaterMark: 10_000 });
const done: unknown[] = [];

await taskGroup(async ({ run, signal, cancel }) => {
  // The jobs. Their signal aborts only at a failure, or by `cancel()` at the end.
  const work = run(workOff);
  void run(tell);
  try {
    // The server. It stops when `stop` aborts, or when a job has failed.
    await run(() => takeOrders(AbortSignal.any([stop, signal])));
  } finally {
    orders.end();
  }
  await work;
  cancel();
});
console.log(`${done.length} done, none is left`);

async function takeOrders(signal: AbortSignal): Promise<void> {
  const where = { port: process.env['PORT'] ?? 8000, host: '127.0.0.1' };
  const server = await listen(createServer({ allowHalfOpen: true }), where);
  console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);
  const { completed } = await serve(server, takeFrom, { signal, quiet: 500 }).finished;
  console.log(`closed after ${completed}, ${orders.readableLength} orders are left`);
}

async function takeFrom(socket: Socket): Promise<void> {
  for await (const order of createInterface({ input: socket })) {
    orders.write(order);
    socket.write(`${order} is taken\n`);
  }
}

/** Ends when all orders are done. */
async function workOff(): Promise<void> {
  for await (const order of orders) {
    await delay(20);
    done.push(order);
  }
}

/** Never ends by itself: `delay` rejects with an `AbortError` when the group is cancelled. */
async function tell(signal: AbortSignal): Promise<void> {
  for (;;) {
    await delay(1000, undefined, { signal });
    console.log(`${done.length} done so far`);
  }
}
