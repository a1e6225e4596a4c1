/**
 * A TCP echo server that knows how to stop. On Ctrl-C or SIGTERM it takes the last call, echoes
 * whatever still arrives, says goodbye to who has gone silent, and ends with the last connection.
 * A second Ctrl-C ends it at once.
 *
 *     npm start            on port 8000; try `nc 127.0.0.1 8000`
 *     PORT=0 npm start     on any free port
 */
// oxlint-disable no-console -- an example talks to who runs it
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { finished } from 'node:stream/promises';
import { acceptLoop } from 'accept-loop';

/** Milliseconds of the shutdown after which a silent client is done, and then everybody is. */
const IDLE = 1000;
const GRACE = 10_000;
const signals = ['SIGINT', 'SIGTERM'] as const;

const { PORT = '8000' } = process.env;
if (!/^\d{1,5}$/.test(PORT) || Number(PORT) > 65_535) {
  fail(`PORT must be a whole number from 0 to 65535, got ${JSON.stringify(PORT)}`);
}

// Without allowHalfOpen, Node would end our side together with the client's.
const server = createServer({ allowHalfOpen: true });
const stop = new AbortController();
const loop = acceptLoop(server, stop.signal);
const tasks = new Map<Socket, Promise<void>>();
const ended = { served: 0, failed: 0, 'cut off': 0 };
const outOfTime = new Error('out of time');

server.listen(Number(PORT), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(`listening on 127.0.0.1:${port}`);
});
for (const name of signals) process.on(name, shutDown);

try {
  for await (const socket of loop) {
    // Not awaited: the loop turns to the next client.
    tasks.set(socket, serve(socket));
  }
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  fail(code === 'EADDRINUSE' ? `port ${PORT} is in use` : message);
}

console.log(`nobody new can come, ${tasks.size} open`);
for (const socket of tasks.keys()) endWhenIdle(socket);
const timer = setTimeout(() => {
  for (const socket of tasks.keys()) socket.destroy(outOfTime);
}, GRACE);
await Promise.all(tasks.values());
clearTimeout(timer);

const { accepted, lost, shed } = loop.stats;
for (const [what, count] of Object.entries({ accepted, ...ended, lost, shed })) {
  console.log(`${what}: ${count}`);
}

/** Echoes one connection to its end. Never rejects. */
async function serve(socket: Socket): Promise<void> {
  const client = `${socket.remoteAddress}:${socket.remotePort}`;
  let ending: keyof typeof ended = 'served';
  console.log(`${client} opened`);
  try {
    // A plain `for await (const chunk of socket)` destroys the socket at its end, and with it
    // what is still to be written.
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      // After our own end there is nothing more to say.
      if (!socket.writableEnded) await send(socket, chunk as Buffer);
    }
    socket.end();
    await finished(socket);
  } catch (error) {
    if (!socket.writableFinished) ending = error === outOfTime ? 'cut off' : 'failed';
  }
  tasks.delete(socket);
  ended[ending] += 1;
  console.log(`${client} closed, ${ending}, ${socket.bytesWritten} bytes echoed`);
}

/** Waits until the kernel has the chunk: nobody is read faster than it reads. */
function send(socket: Socket, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    // Unlike 'drain', the callback comes for a socket that dies, too.
    socket.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
}

/** Says goodbye to a client that is silent, and leaves it when it stays so. */
function endWhenIdle(socket: Socket): void {
  socket.setTimeout(IDLE).on('timeout', () => {
    const { bytesRead } = socket;
    // Timers come before input: look again, or a process that was stopped has not looked at all.
    setTimeout(() => {
      if (socket.bytesRead !== bytesRead || socket.writableLength > 0) return;
      if (socket.writableFinished) socket.destroy();
      else socket.end(() => socket.setTimeout(IDLE));
    }, 10);
  });
}

function shutDown(name: NodeJS.Signals): void {
  if (stop.signal.aborted) return;
  console.log(`${name}: last call`);
  stop.abort();
  // The next one kills, as if nobody listened. Not at once: npm may pass on the Ctrl-C that the
  // terminal has sent to us as well.
  const unlisten = (): void => signals.forEach((each) => process.off(each, shutDown));
  setTimeout(unlisten, 200).unref();
}

function fail(reason: string): never {
  console.error(`echo-server: ${reason}`);
  process.exit(1);
}
