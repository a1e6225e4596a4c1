/**
 * A TCP echo server that knows how to stop. On Ctrl-C or SIGTERM it takes the last call, echoes
 * whatever still arrives, says goodbye to who has gone silent, and ends with the last connection,
 * or after ten seconds. A second Ctrl-C ends it at once.
 *
 *     npm start            on port 8000; try `nc 127.0.0.1 8000`
 *     PORT=0 npm start     on any free port
 */
// oxlint-disable no-console -- an example talks to who runs it
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { listen, serve, shutdownSignal } from 'accept-loop';
import { describeReport, print, showStop } from './show-stop.ts';

/** Milliseconds of silence after which, in a shutdown, a client is done. */
const QUIET = 1000;

const signal = shutdownSignal();
// Without allowHalfOpen, Node would end our side together with the client's.
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
  for await (const chunk of socket) {
    // Nobody is read faster than it reads. Unlike 'drain', this comes for a socket that dies, too.
    await new Promise<void>((resolve, reject) => {
      socket.write(chunk as Buffer, (error) => (error ? reject(error) : resolve()));
    });
  }
  print(`${socket.remotePort} served, ${socket.bytesRead} bytes`);
}
