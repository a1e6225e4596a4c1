/**
 * A server on the socket that systemd has opened for it (socket activation), or else on a port.
 * While it restarts, systemd keeps the socket, and clients wait instead of being refused.
 *
 *     systemd-socket-activate --listen=8000 node systemd.ts
 *     PORT=8000 node systemd.ts
 */
// oxlint-disable no-console -- an example writes to the terminal
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { listen, serve, shutdownSignal, systemdSockets } from 'accept-loop';

const signal = shutdownSignal();
const [inherited] = systemdSockets();
const where = inherited ?? { port: process.env['PORT'] ?? 8000, host: '127.0.0.1' };
const server = await listen(createServer({ allowHalfOpen: true }), where);
const place = inherited
  ? `systemd's socket "${inherited.name}"`
  : `127.0.0.1:${(server.address() as AddressInfo).port}`;
const greet = async (socket: Socket): Promise<void> => void socket.write(`this is ${place}\n`);
const serving = serve(server, greet, { signal });
console.log(`listening on ${place}`);
console.log(await serving.finished);
