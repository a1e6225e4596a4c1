/**
 * The loop itself: a daytime service. Each client is told the time.
 *
 *     PORT=8000 node first-loop.ts
 *     nc 127.0.0.1 8000
 */
// oxlint-disable no-console -- an example talks to who runs it
import { type AddressInfo, createServer } from 'node:net';
import { acceptLoop } from 'accept-loop';

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => stop.abort());

const server = createServer();
server.listen(Number(process.env['PORT'] ?? 8000), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(`listening on 127.0.0.1:${port}`);
});

for await (const socket of acceptLoop(server, stop.signal)) {
  socket.write(`${new Date().toISOString()}\n`);
  socket.resume().destroySoon();
}
console.log('everybody who came has been told');
