/**
 * Three workers take connections from one loop. Each serves one client at a time. Other clients
 * wait in the loop's queue, in order of arrival. On Ctrl-C the clients that wait are still served.
 *
 *     PORT=8000 node worker-pool.ts
 *     for i in 1 2 3 4 5 6; do nc 127.0.0.1 8000 & done; wait
 */
// oxlint-disable no-console -- an example writes to the terminal
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { acceptLoop, listen, shutdownSignal } from 'accept-loop';

const signal = shutdownSignal();
const where = { port: process.env['PORT'] ?? 8000, host: '127.0.0.1' };
const server = await listen(createServer({ allowHalfOpen: true }), where);
console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);

// If a hundred connections wait, each further one is refused.
const loop = acceptLoop(server, { signal, maxQueued: 100 });

async function work(name: string): Promise<void> {
  for await (const socket of loop) {
    console.log(`${name} serves ${socket.remotePort}, ${loop.stats.queued} are waiting`);
    // The work. At most three of these run at once, even if many clients come.
    await setTimeout(200);
    socket.write(`served by ${name}\n`);
    socket.resume().destroySoon();
  }
}

await Promise.all(['Ada', 'Grace', 'Edsger'].map(work));
console.log(loop.stats);
