import { gate } from '../../support/scene.ts';
import { until } from '../../support/turns.ts';
import type { Connection, Handler } from '../implementation.ts';

/** Sends back what comes, to its end. */
export async function echo(connection: Connection): Promise<void> {
  for (let text = await connection.read(); text !== ''; text = await connection.read()) {
    connection.write(text);
  }
  connection.end();
}

/** Says one word, and is done. */
export function greet(connection: Connection): void {
  connection.end('hello');
}

/** A handler that does not end before it is told to. */
export interface Held {
  readonly handler: Handler;
  /** Waits until so many run. */
  readonly running: (count: number) => Promise<void>;
  /** Lets those that run, and those that come, say one word and end. */
  readonly release: () => void;
  /** How many ran at once at the most. */
  readonly peak: () => number;
}

export function held(): Held {
  let count = 0;
  let peak = 0;
  const { opened, open } = gate();
  return {
    async handler(connection) {
      count += 1;
      peak = Math.max(peak, count);
      await opened;
      count -= 1;
      connection.end('served');
    },
    running: (wanted) => until(() => count >= wanted),
    release: () => open(),
    peak: () => peak,
  };
}
