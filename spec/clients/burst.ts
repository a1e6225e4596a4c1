/**
 * A client process: told `<port> <count> <spread>` on a line of its input, it opens so many
 * connections within so many milliseconds, waits for a greeting on each, and prints what became of
 * them as one line of JSON. Ends with its input.
 */
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';

/** After this long, in milliseconds, a connection without an answer counts as hung. */
const PATIENCE = 5000;

type Outcome = 'served' | 'empty' | 'reset' | 'refused' | 'hung' | 'other';

async function visit(port: number): Promise<Outcome> {
  const socket = connect({ port, host: '127.0.0.1' });
  let outcome: Outcome = 'empty';
  socket.setTimeout(PATIENCE, () => {
    outcome = 'hung';
    socket.destroy();
  });
  socket.on('data', () => (outcome = 'served'));
  socket.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (outcome === 'served') return;
    outcome = code === 'ECONNREFUSED' ? 'refused' : code === 'ECONNRESET' ? 'reset' : 'other';
  });
  await new Promise((resolve) => socket.on('close', resolve));
  return outcome;
}

async function burst(port: number, count: number, spread: number): Promise<void> {
  const visits = Array.from({ length: count }, async () => {
    if (spread > 0) await setTimeout(Math.random() * spread);
    return visit(port);
  });
  const counts = { served: 0, empty: 0, reset: 0, refused: 0, hung: 0, other: 0 };
  for (const outcome of await Promise.all(visits)) counts[outcome] += 1;
  process.stdout.write(`${JSON.stringify(counts)}\n`);
}

process.stdout.write('ready\n');
for await (const line of createInterface(process.stdin)) {
  const [port = 0, count = 0, spread = 0] = line.split(' ').map(Number);
  await burst(port, count, spread);
}
