/**
 * A loop without `serve`: a daytime service. Each client is told the time.
 *
 *     PORT=8000 node first-loop.ts
 *     nc 127.0.0.1 8000
 */
// oxlint-disable no-console -- an example writes to the terminal
import { type AddressInfo, createServer } from 'node:net';
import { acceptLoop, listen, shutdownSignal } from 'accept-loop';

const signal = shutdownSignal();
const where = { port: process.env['PORT'] ?? 8000, host: '127.0.0.1' };
const server = await listen(createServer({ allowHalfOpen: true }), where);
console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);

for await (const socket of acceptLoop(server, { signal })) {
  socket.write(`${new Date().toISOString()}\n`);
  socket.resume().destroySoon();
}
console.log('everybody who came has been told');
