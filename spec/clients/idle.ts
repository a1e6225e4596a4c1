/**
 * A client process that holds idle connections. It answers each line of its input with one line:
 *
 * - `open <port> <count> <tcp | http | ws>`: opens so many and waits until each has been served once,
 *   a greeting or an answer that ends with `served` and a line break. HTTP sends one request on each.
 *   Answers `{ opened }`. From then on none is read: they cost this process nothing. Only WebSockets
 *   are, and answer a close frame.
 * - `close`: reads each to its end. Answers `{ ended, reset, hung }`: how many the server has ended,
 *   has reset, and has left open for five seconds.
 *
 * Ends with its input.
 */
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** Clients that connect at once: fewer than any accept queue takes. */
const AT_ONCE = 200;

/** How long the server may take to serve one, or to end it, in milliseconds. */
const PATIENCE_MS = 5000;

const SERVED = 'served\n';
const get = 'GET / HTTP/1.1\r\nHost: localhost\r\n';
const upgrade = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];
const questions = {
  tcp: '',
  http: `${get}\r\n`,
  ws: `${get}${upgrade.join('\r\n')}\r\n\r\n`,
};

/** The first byte of a close frame. */
const CLOSE = 0x88;
/** A client's close frame with the code 1001, under a mask of zeros. */
const GOODBYE = Buffer.from([CLOSE, 0x82, 0, 0, 0, 0, 0x03, 0xe9]);

const sockets: Socket[] = [];
/** All read into the same: what is held is not of this process's making. */
const buffer = Buffer.alloc(1024);

/** Opens one, and stops reading it when it has been served. */
function open(port: number, question: string, isWebSocket: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    const callback = (length: number): boolean => {
      if (isWebSocket && text.endsWith(SERVED)) {
        if (buffer[0] === CLOSE) socket.write(GOODBYE);
        return true;
      }
      text += buffer.toString('latin1', 0, length);
      const isServed = text.endsWith(SERVED);
      if (isServed) resolve();
      // With `false` the socket is read no more.
      return !isServed || isWebSocket;
    };
    const socket = connect({ port, host: '127.0.0.1', onread: { buffer, callback } });
    socket.on('error', reject);
    socket.once('close', () => reject(new Error('Closed before it was served')));
    sockets.push(socket);
    if (question !== '') socket.write(question);
    // It notices the end.
    if (isWebSocket) socket.resume();
  });
}

async function openAll(port: number, count: number, kind: string): Promise<{ opened: number }> {
  const question = questions[kind as keyof typeof questions];
  let opened = 0;
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      await open(port, question, kind === 'ws');
      opened += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { opened };
}

type Ending = 'ended' | 'reset' | 'hung';

function readToEnd(socket: Socket): Promise<Ending> {
  return new Promise((resolve) => {
    if (socket.closed) return resolve(socket.errored ? 'reset' : 'ended');
    let ending: Ending = 'ended';
    const timer = setTimeout(() => {
      ending = 'hung';
      socket.destroy();
    }, PATIENCE_MS);
    socket.on('error', () => (ending = 'reset'));
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(ending);
    });
    socket.resume();
  });
}

async function closeAll(): Promise<Record<Ending, number>> {
  const endings = { ended: 0, reset: 0, hung: 0 };
  for (const ending of await Promise.all(sockets.map(readToEnd))) endings[ending] += 1;
  sockets.length = 0;
  return endings;
}

process.stdout.write('ready\n');
for await (const line of createInterface(process.stdin)) {
  const [order, port, count, kind = ''] = line.split(' ');
  const answer =
    order === 'open' ? await openAll(Number(port), Number(count), kind) : await closeAll();
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
