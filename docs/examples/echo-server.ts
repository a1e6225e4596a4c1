/**
 * A TCP echo server that stops in order. On Ctrl-C or SIGTERM it takes the last call, and echoes
 * the bytes that still arrive. It ends connections that have been silent for a second. It stops
 * with the last connection, or after ten seconds. A second Ctrl-C ends it at once.
 *
 *     npm start            on port 8000; try `nc 127.0.0.1 8000`
 *     PORT=0 npm start     on any free port
 */
// oxlint-disable no-console -- an example writes to the terminal
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { listen, serve, shutdownSignal } from 'accept-loop';
import { describeReport, print, showStop } from './show-stop.ts';

/** Milliseconds of silence after which a connection is ended in a shutdown. */
const QUIET = 1000;

const signal = shutdownSignal();
// Without allowHalfOpen, Node would end the server's side as soon as the client ends its side.
const server = createServer({ allowHalfOpen: true });
try {
  const where = { port: process.env['PORT'] ?? 8000, host: '127.0.0.1' };
  await listen(server, where);
} catch (error) {
  console.error(`echo-server: ${(error as Error).message}`);
  process.exit(1);
}
print(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);
const serving = serve(server, echo, { signal, quiet: QUIET });

signal.addEventListener('abort', () => {
  print(`${signal.reason.message}: last call`);
  void showStop(serving);
});
print(describeReport(await serving.finished));

async function echo(socket: Socket): Promise<void> {
  print(`${socket.remotePort} opened`);
  try {
    for await (const chunk of socket) {
      // Waits for the write, so that no client sends faster than it reads. Unlike an event 'drain',
      // the callback also comes if the socket fails.
      await new Promise<void>((resolve, reject) => {
        socket.write(chunk as Buffer, (error) => (error ? reject(error) : resolve()));
      });
    }
  } finally {
    print(`${socket.remotePort} is done, ${socket.bytesRead} bytes`);
  }
}
