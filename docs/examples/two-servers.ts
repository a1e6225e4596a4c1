/**
 * Two servers and a background job in one group. On Ctrl-C all three end. If one of them fails, for
 * example because its port is in use, the others end, too, and the group fails.
 *
 *     PORT=8000 ADMIN_PORT=8001 node two-servers.ts
 *     nc 127.0.0.1 8000; nc 127.0.0.1 8001
 */
// oxlint-disable no-console -- an example writes to the terminal
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { listen, serve, shutdownSignal, taskGroup } from 'accept-loop';

let greeted = 0;

/** Serves until `signal` aborts and the server has stopped. */
async function run(name: string, port: string, greet: () => string, signal: AbortSignal) {
  const server = await listen(
    createServer({ allowHalfOpen: true }),
    { port, host: '127.0.0.1' },
    { signal },
  );
  const serving = serve(server, async (socket: Socket) => void socket.write(greet()), { signal });
  console.log(`${name}: listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);
  const { accepted } = await serving.finished;
  console.log(`${name}: closed after ${accepted}`);
}

/** Prints a count each second. When `signal` aborts, `delay` rejects with an `AbortError`. */
async function count(signal: AbortSignal): Promise<void> {
  for (;;) {
    await delay(1000, undefined, { signal });
    console.log(`job: ${greeted} greeted so far`);
  }
}

const hello = (): string => `hello, number ${(greeted += 1)}\n`;
const tell = (): string => `${greeted} greeted\n`;
const { PORT = '8000', ADMIN_PORT = '8001' } = process.env;

try {
  await taskGroup(
    (group) => {
      void group.run((signal) => run('public', PORT, hello, signal));
      void group.run((signal) => run('admin', ADMIN_PORT, tell, signal));
      void group.run(count);
    },
    { signal: shutdownSignal() },
  );
  console.log('all have ended');
} catch (error) {
  console.error(`two-servers: ${(error as Error).message}`);
  process.exitCode = 1;
}
