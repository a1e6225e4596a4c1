/**
 * A client process: told `<load> <port> <count>` on a line of its input, it makes so many connections
 * or requests, 64 at a time, checks each answer, and prints how many seconds that took. Loads: `tcp`,
 * connections that are greeted and ended by the server; `kept`, requests on HTTP connections that
 * are kept; `new`, each request on a connection of its own; `streams`, one after the other on each
 * HTTP/2 session. Ends with its input, or when an answer is wrong.
 */
import { once } from 'node:events';
import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { text as textOf } from 'node:stream/consumers';

const together = 64;

/** Milliseconds without a byte after which a server counts as hung. */
const PATIENCE = 10_000;

const kept = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';
const last = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

/** Takes the next of what is to be done, while there is something left. */
type Take = () => boolean;

function open(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.setEncoding('latin1');
  return socket.setTimeout(PATIENCE, () => socket.destroy(new Error('No answer')));
}

/** Reads a connection to its end. Rejects unless that comes in order. */
function readAll(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    let isEnded = false;
    socket.on('data', (chunk) => (text += String(chunk)));
    socket.on('end', () => (isEnded = true));
    socket.on('error', reject);
    socket.on('close', () => (isEnded ? resolve(text) : reject(new Error('No end'))));
  });
}

function check(isRight: boolean, text: string): void {
  if (!isRight) throw new Error(`Not the right answer: ${JSON.stringify(text)}`);
}

function isPage(text: string): boolean {
  return text.startsWith('HTTP/1.1 200 OK\r\n') && text.endsWith('\r\n\r\nhello');
}

async function visit(port: number, take: Take): Promise<void> {
  while (take()) {
    const text = await readAll(open(port));
    check(text === 'hello', text);
  }
}

async function askOnce(port: number, take: Take): Promise<void> {
  while (take()) {
    const socket = open(port);
    // Not by `end()`: a server need not answer who has gone.
    socket.write(last);
    const text = await readAll(socket);
    check(isPage(text), text);
  }
}

async function askAgain(port: number, take: Take): Promise<void> {
  const socket = open(port);
  let text = '';
  let isOver = false;
  const ask = (): void => {
    isOver = !take();
    if (isOver) socket.end();
    else socket.write(kept);
  };
  socket.on('data', (chunk) => {
    text += String(chunk);
    if (!text.endsWith('hello')) return;
    check(isPage(text), text);
    text = '';
    ask();
  });
  ask();
  await new Promise((resolve, reject) => socket.on('error', reject).on('close', resolve));
  check(isOver, 'closed');
}

async function askForStreams(port: number, take: Take): Promise<void> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.setTimeout(PATIENCE, () => session.destroy(new Error('No answer')));
  while (take()) {
    const stream = session.request({ ':path': '/' });
    const [[headers], text] = await Promise.all([once(stream, 'response'), textOf(stream)]);
    check(Number((headers as IncomingHttpHeaders)[':status']) === 200 && text === 'hello', text);
  }
  session.close();
}

const loads: Readonly<Record<string, typeof visit>> = {
  tcp: visit,
  kept: askAgain,
  new: askOnce,
  streams: askForStreams,
};

async function run(load: string, port: number, count: number): Promise<number> {
  const client = loads[load];
  if (client === undefined) throw new Error(`No load ${load}`);
  let left = count;
  const take = (): boolean => (left -= 1) >= 0;
  const begun = performance.now();
  await Promise.all(Array.from({ length: together }, () => client(port, take)));
  return (performance.now() - begun) / 1000;
}

process.stdout.write('ready\n');
for await (const line of createInterface(process.stdin)) {
  const [load = '', port, count] = line.split(' ');
  process.stdout.write(`${await run(load, Number(port), Number(count))}\n`);
}
