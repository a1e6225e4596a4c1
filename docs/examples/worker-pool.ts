/**
 * Three workers pull from one loop. Each serves one client at a time; the others wait in the loop's
 * queue, in order of arrival. On Ctrl-C who waits is still served.
 *
 *     PORT=8000 node worker-pool.ts
 *     for i in 1 2 3 4 5 6; do nc 127.0.0.1 8000 & done; wait
 */
// oxlint-disable no-console -- an example talks to who runs it
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { acceptLoop } from 'accept-loop';

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => stop.abort());

const server = createServer();
server.listen(Number(process.env['PORT'] ?? 8000), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(`listening on 127.0.0.1:${port}`);
});

// With more than a hundred waiting, one more is refused.
const loop = acceptLoop(server, { signal: stop.signal, maxQueued: 100 });

async function work(name: string): Promise<void> {
  for await (const socket of loop) {
    console.log(`${name} serves ${socket.remotePort}, ${loop.stats.queued} are waiting`);
    // The work: no more than three of these at once, whoever comes.
    await setTimeout(200);
    socket.write(`served by ${name}\n`);
    socket.resume().destroySoon();
  }
}

await Promise.all(['Ada', 'Grace', 'Edsger'].map(work));
console.log(loop.stats);
