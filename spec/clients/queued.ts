/**
 * A client process. Told `connect <port> <count> <tcp|http>` on a line of its input, it opens so many
 * connections, with a request on each if it is HTTP, and says `connected` when the kernel has them
 * all; told `outcomes`, it waits for their ends, and prints as one line of JSON how many were
 * `served`, `reset`, … Ends with its input.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** Milliseconds in which a connection has to end. */
const PATIENCE = 10_000;

const body = JSON.stringify({ text: 'hello' });
const request = [
  'POST / HTTP/1.1',
  'Host: 127.0.0.1',
  'Connection: close',
  'Content-Type: application/json',
  `Content-Length: ${body.length}`,
  '',
  body,
].join('\r\n');

interface Protocol {
  readonly request: string;
  readonly isServed: (answer: string) => boolean;
}

const protocols: Readonly<Record<string, Protocol>> = {
  tcp: { request: '', isServed: (answer) => answer === 'hello' },
  http: {
    request,
    isServed: (answer) => answer.startsWith('HTTP/1.1 200 ') && answer.endsWith(body),
  },
};

/** Reads a connection to its end, whichever it is. */
async function outcomeOf(socket: Socket, { isServed }: Protocol): Promise<string> {
  let answer = '';
  let end = 'ended';
  socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
  socket.on('error', ({ code }: NodeJS.ErrnoException) => {
    end = code === 'ECONNRESET' ? 'reset' : (code ?? 'failed');
  });
  socket.setTimeout(PATIENCE, () => {
    end = 'hung';
    socket.destroy();
  });
  await new Promise((resolve) => socket.once('close', resolve));
  if (isServed(answer)) return 'served';
  return answer === '' ? end : (answer.split('\r\n')[0] ?? end);
}

async function queue(port: number, protocol: Protocol): Promise<{ outcome: Promise<string> }> {
  const socket = connect({ port, host: '127.0.0.1' });
  const outcome = outcomeOf(socket, protocol);
  await once(socket, 'connect');
  if (protocol.request !== '') {
    await new Promise((resolve) => socket.write(protocol.request, resolve));
  }
  return { outcome };
}

let queued: readonly { readonly outcome: Promise<string> }[] = [];
process.stdout.write('ready\n');
for await (const line of createInterface(process.stdin)) {
  const [command, port = '', count = '', name = ''] = line.split(' ');
  if (command === 'connect') {
    const protocol = protocols[name];
    if (protocol === undefined) throw new Error(`No protocol is called ${name}`);
    const clients = Array.from({ length: Number(count) }, () => queue(Number(port), protocol));
    queued = await Promise.all(clients);
    process.stdout.write('connected\n');
  } else {
    const counts: Record<string, number> = {};
    for (const outcome of await Promise.all(queued.map((client) => client.outcome))) {
      counts[outcome] = (counts[outcome] ?? 0) + 1;
    }
    process.stdout.write(`${JSON.stringify(counts)}\n`);
  }
}
