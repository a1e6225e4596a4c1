import { createInterface } from 'node:readline';
import { spawnNode } from './spawn-script.ts';

/** What became of the connections of a burst, as the client saw it. */
export interface Outcomes {
  /** Got the greeting. */
  readonly served: number;
  /** Ended in order, without a greeting. */
  readonly empty: number;
  readonly reset: number;
  readonly refused: number;
  /** Neither served nor ended within five seconds. */
  readonly hung: number;
  readonly other: number;
}

export interface BurstClient {
  /** Opens connections from a process of its own, within `spread` ms; resolves when all are over. */
  burst(port: number, count: number, spread?: number): Promise<Outcomes>;
  stop(): Promise<void>;
}

/** Starts the client process of `spec/clients/burst.ts`. */
export async function burstClient(): Promise<BurstClient> {
  const child = spawnNode('spec/clients/burst.ts', { stdio: ['pipe', 'pipe', 'inherit'] });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('Cannot talk to the client: no pipes');
  const lines = createInterface(stdout)[Symbol.asyncIterator]();
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await lines.next();
  return {
    async burst(port, count, spread = 0) {
      stdin.write(`${port} ${count} ${spread}\n`);
      const { value } = await lines.next();
      return JSON.parse(String(value)) as Outcomes;
    },
    async stop() {
      stdin.end();
      await exited;
    },
  };
}
