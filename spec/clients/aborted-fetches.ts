/**
 * A client process: told `<port> <count> <seed>` on a line of its input, it begins so many fetches, 50
 * at a time, gives up nine of ten at a random moment, and prints what became of them as one line
 * of JSON. Ends with its input.
 */
import { createInterface } from 'node:readline';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { randomOf } from '../support/random.ts';

const together = 50;
const size = 16_384;

type Outcome = 'whole' | 'cut' | 'aborted' | 'failed';

/** From this very turn to the middle of the answer. */
async function someMoment(random: () => number): Promise<void> {
  if (random() < 0.2) return;
  if (random() < 0.3) await setImmediate();
  else await setTimeout(random() * 6);
}

async function ask(port: number, random: () => number): Promise<Outcome> {
  const stop = new AbortController();
  const isPatient = random() < 0.1;
  if (!isPatient) void someMoment(random).then(() => stop.abort());
  try {
    const response = await fetch(`http://127.0.0.1:${port}/`, { signal: stop.signal });
    const text = await response.text();
    return text.length === size ? 'whole' : 'cut';
  } catch (error) {
    if (stop.signal.aborted) return 'aborted';
    process.stderr.write(`${String(error)} ${String((error as Error).cause)}\n`);
    return 'failed';
  }
}

async function load(port: number, count: number, seed: number): Promise<void> {
  const random = randomOf(seed);
  const counts = { whole: 0, cut: 0, aborted: 0, failed: 0 };
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      counts[await ask(port, random)] += 1;
    }
  };
  await Promise.all(Array.from({ length: together }, worker));
  process.stdout.write(`${JSON.stringify(counts)}\n`);
}

process.stdout.write('ready\n');
for await (const line of createInterface(process.stdin)) {
  const [port = 0, count = 0, seed = 0] = line.split(' ').map(Number);
  await load(port, count, seed);
}
