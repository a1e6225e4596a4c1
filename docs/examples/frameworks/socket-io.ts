/**
 * Socket.IO 4. On Ctrl-C or SIGTERM the listener is closed, acknowledgements that are under way are
 * sent, and then the transports are closed: that, and not `disconnectSockets()`, makes clients
 * reconnect by themselves.
 *
 *     PORT=8000 node socket-io.ts
 */
// oxlint-disable no-console -- an example talks to who runs it
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
  // Events that have crossed the signal arrive in this time.
  await delay(500);
  while (underWay.size > 0) await Promise.allSettled(underWay);
  io.engine.close();
}
signal.addEventListener('abort', () => void sayGoodbye());
await listen(server, { port: process.env['PORT'] ?? 8000, host: '127.0.0.1' });
const drained = drain(server, { signal });
console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);
console.log(await drained);
// Timers of long polling hold the process for half a minute.
process.exit();
