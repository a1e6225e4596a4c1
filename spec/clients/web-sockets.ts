/**
 * A client process: told `open <port> <count> <lag>` on a line of its input, it opens so many
 * WebSockets, and says `open` when all are. Told `codes`, it prints the close codes as one line of
 * JSON when all have ended. It answers a goodbye at once, however busy the server's process is, and
 * ends the connection under it `lag` ms after the server has. Ends with its input.
 */
import { once } from 'node:events';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';

let codes: Promise<number[]> = Promise.resolve([]);

async function code(client: WebSocket): Promise<number> {
  client.on('error', () => {});
  return (await once(client, 'close'))[0] as number;
}

/** Ends a while after the other side has. */
function lagging(options: NetConnectOpts, lag: number): Socket {
  const socket = connect(options);
  if (lag === 0) return socket;
  const end = socket.end.bind(socket);
  socket.end = (): Socket => socket;
  socket.once('end', () => setTimeout(() => end(), lag));
  return socket;
}

async function open(port: number, count: number, lag: number): Promise<void> {
  const createConnection = (options: object): Socket => lagging(options as NetConnectOpts, lag);
  const url = `ws://127.0.0.1:${port}`;
  const clients = Array.from({ length: count }, () => new WebSocket(url, { createConnection }));
  codes = Promise.all(clients.map((client) => code(client)));
  await Promise.all(clients.map((client) => once(client, 'open')));
}

process.stdout.write('ready\n');
for await (const line of createInterface(process.stdin)) {
  const [command, port, count, lag] = line.split(' ');
  if (command === 'open') await open(Number(port), Number(count), Number(lag));
  process.stdout.write(command === 'open' ? 'open\n' : `${JSON.stringify(await codes)}\n`);
}
