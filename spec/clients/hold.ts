/**
 * A client process that holds connections. Told on a line of its input
 *
 * - `open <port> <count> <tcp | http>`, it opens so many more and holds them; over HTTP each has had
 *   an answer,
 * - `close`, it ends all that it holds,
 * - `visit <port> <count>`, it has so many come, say a word, read it back and go,
 *
 * and says `done` when that is done. It fails when one is refused, cut off or not answered in time.
 * Ends with its input.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** Connections that are under way at once: fewer than a server's backlog. */
const TOGETHER = 100;

/** Milliseconds in which a line has to be done. */
const PATIENCE = 120_000;

const host = '127.0.0.1';
const request = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';
const held = new Set<Socket>();

/** Does something so often, with many at once. */
async function repeat(count: number, action: () => Promise<void>): Promise<void> {
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      await action();
    }
  };
  await Promise.all(Array.from({ length: TOGETHER }, worker));
}

async function open(port: number, isHttp: boolean): Promise<void> {
  const socket = connect({ port, host });
  await once(socket, 'connect');
  held.add(socket);
  socket.on('close', () => {
    if (held.has(socket)) throw new Error('Cannot hold the connection: the server has ended it');
  });
  if (!isHttp) return;
  socket.write(request);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  if (!answer.toString('latin1').startsWith('HTTP/1.1 200')) throw new Error(String(answer));
}

async function close(): Promise<void> {
  const sockets = [...held];
  held.clear();
  for (const socket of sockets) socket.end();
  await Promise.all(sockets.map((socket) => closed(socket)));
}

async function closed(socket: Socket): Promise<void> {
  socket.resume();
  if (!socket.closed) await once(socket, 'close');
}

async function visit(port: number): Promise<void> {
  const socket = connect({ port, host });
  socket.write('hello');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  if (String(answer) !== 'hello') throw new Error(`Not what was sent: ${String(answer)}`);
  socket.end();
  await closed(socket);
}

process.stdout.write('ready\n');
for await (const line of createInterface(process.stdin)) {
  const [what, port, count, protocol] = line.split(' ');
  const timer = setTimeout(() => {
    throw new Error(`Not done in time: ${line}`);
  }, PATIENCE);
  if (what === 'open') await repeat(Number(count), () => open(Number(port), protocol === 'http'));
  else if (what === 'close') await close();
  else await repeat(Number(count), () => visit(Number(port)));
  clearTimeout(timer);
  process.stdout.write('done\n');
}
for (const socket of held) socket.removeAllListeners('close').destroy();
