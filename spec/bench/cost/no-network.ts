/**
 * One way to take connections, without a network: `no-network.ts <way>`. Told `<at once> <count>` on
 * a line of its input, it has so many connections come at a time, until so many have come, and
 * prints the nanoseconds of CPU that each has cost from its event to its 'close'.
 */
import { EventEmitter } from 'node:events';
import { createServer, type Server, Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { takers } from './takers.ts';

const [, , way = ''] = process.argv;
const take = takers[way];
if (take === undefined) throw new Error(`Cannot take connections by ${way}`);
EventEmitter.defaultMaxListeners = 0;

/** Without a handle it would be taken for one that was sent to another process. */
class HandlelessSocket extends Socket {}
Object.defineProperty(HandlelessSocket.prototype, 'pending', { value: false });

/** A socket whose peer has said all that it had to say, and reads what it gets. */
function finishedSocket(): Socket {
  const socket = new HandlelessSocket({ allowHalfOpen: true });
  socket.push(null);
  return socket;
}

/** Has as many come in one go, and waits until those have closed. */
function bring(server: Server, count: number): Promise<void> {
  return new Promise((resolve) => {
    let open = count;
    const onClose = (): void => {
      open -= 1;
      if (open === 0) resolve();
    };
    for (let index = 0; index < count; index += 1) {
      server.emit('connection', finishedSocket().once('close', onClose));
    }
  });
}

async function bringAll(server: Server, count: number, atOnce: number): Promise<void> {
  for (let come = 0; come < count; come += atOnce) {
    // As from the network: in a turn of the event loop of their own.
    await new Promise(setImmediate);
    await bring(server, atOnce);
  }
}

async function measure(atOnce: number, count: number): Promise<number> {
  const server = createServer({ allowHalfOpen: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = take?.(server);
  // While others had their turn, caches went cold.
  await bringAll(server, count / 2, atOnce);
  const begun = process.cpuUsage();
  await bringAll(server, count, atOnce);
  const { user, system } = process.cpuUsage(begun);
  await stop?.();
  return ((user + system) / count) * 1000;
}

process.stdout.write('ready\n');
for await (const line of createInterface(process.stdin)) {
  const [atOnce = 1, count = 1] = line.split(' ').map(Number);
  process.stdout.write(`${await measure(atOnce, count)}\n`);
}
