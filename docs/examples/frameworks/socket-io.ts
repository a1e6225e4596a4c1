/**
 * Socket.IO 4. On Ctrl-C or SIGTERM the listener is closed, and acknowledgements under way are
 * sent. Then the transports are closed, so that clients reconnect by themselves. After
 * `disconnectSockets()` they would not.
 *
 *     PORT=8000 node socket-io.ts
 */
// oxlint-disable no-console -- an example writes to the terminal
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { drain, listen, shutdownSignal } from 'accept-loop';
import { Server } from 'socket.io';

const signal = shutdownSignal();
const server = createServer();
const io = new Server(server, { serveClient: false });
const underWay = new Set<Promise<void>>();
io.on('connection', (socket) => {
  socket.on('slow', (acknowledge: (answer: string) => void) => {
    const work = delay(1000).then(() => acknowledge('slow hello from Socket.IO'));
    underWay.add(work);
    void work.finally(() => underWay.delete(work));
  });
});

async function sayGoodbye(): Promise<void> {
  // Events that clients sent shortly before the signal arrive in this time.
  await delay(500);
  while (underWay.size > 0) await Promise.allSettled(underWay);
  io.engine.close();
}
signal.addEventListener('abort', () => void sayGoodbye());
await listen(server, { port: process.env['PORT'] ?? 8000, host: '127.0.0.1' });
const drained = drain(server, { signal });
console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);
console.log(await drained);
// The timers of long polling would keep the process alive for up to half a minute.
process.exit();
