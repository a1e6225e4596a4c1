/**
 * A server on a Unix socket. If a killed process has left its socket file there, the file is
 * replaced. The file of a live server is not.
 *
 *     SOCKET=./clock.sock node unix-socket.ts
 *     nc -U ./clock.sock
 */
// oxlint-disable no-console -- an example writes to the terminal
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listen, serve, shutdownSignal } from 'accept-loop';

const path = process.env['SOCKET'] ?? join(tmpdir(), 'accept-loop-clock.sock');
const signal = shutdownSignal();
const server = createServer({ allowHalfOpen: true });
try {
  await listen(server, path);
} catch (error) {
  console.error(`unix-socket: ${(error as Error).message}`);
  process.exit(1);
}
const tellTime = async (socket: NodeJS.WritableStream): Promise<void> => {
  socket.write(`${new Date().toISOString()}\n`);
};
const serving = serve(server, tellTime, { signal });
console.log(`listening on ${path}`);
console.log(await serving.finished);
