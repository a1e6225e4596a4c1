/**
 * A client process: told `<port> <count> <spread> <patience>` on a line of its input, it opens so many
 * connections within so many milliseconds, waits for a greeting on each, and prints what became of
 * them as one line of JSON, with the waits of those that were served, in order. One without an answer after `patience` milliseconds counts as hung. Ends
 * with its input.
 */
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';

type Outcome = 'served' | 'empty' | 'reset' | 'refused' | 'hung' | 'other';

interface Visit {
  readonly outcome: Outcome;
  /** Milliseconds from the connect to the end. */
  readonly wait: number;
}

async function visit(port: number, patience: number): Promise<Visit> {
  const begun = performance.now();
  const socket = connect({ port, host: '127.0.0.1' });
  let outcome: Outcome = 'empty';
  socket.setTimeout(patience, () => {
    outcome = 'hung';
    socket.destroy();
  });
  socket.on('data', () => (outcome = 'served'));
  socket.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (outcome === 'served') return;
    outcome = code === 'ECONNREFUSED' ? 'refused' : code === 'ECONNRESET' ? 'reset' : 'other';
  });
  await new Promise((resolve) => socket.on('close', resolve));
  return { outcome, wait: performance.now() - begun };
}

interface Burst {
  readonly port: number;
  readonly count: number;
  readonly spread: number;
  readonly patience: number;
}

async function burst({ port, count, spread, patience }: Burst): Promise<void> {
  const visits = Array.from({ length: count }, async () => {
    if (spread > 0) await setTimeout(Math.random() * spread);
    return visit(port, patience);
  });
  const outcomes = { served: 0, empty: 0, reset: 0, refused: 0, hung: 0, other: 0 };
  const waits: number[] = [];
  for (const { outcome, wait } of await Promise.all(visits)) {
    outcomes[outcome] += 1;
    if (outcome === 'served') waits.push(wait);
  }
  waits.sort((one, other) => one - other);
  process.stdout.write(`${JSON.stringify({ outcomes, waits })}\n`);
}

process.stdout.write('ready\n');
for await (const line of createInterface(process.stdin)) {
  const [port = 0, count = 0, spread = 0, patience = 0] = line.split(' ').map(Number);
  await burst({ port, count, spread, patience });
}
