import { createInterface } from 'node:readline';
import { spawnNode } from './spawn-script.ts';

/** The outcome of the clients of `spec/clients/keep-alive.ts`, and of their requests. */
interface Outcome {
  /** The number of requests with the right answer. */
  readonly answered: number;
  /** The number of clients whose last answer said `Connection: close`. */
  readonly closed: number;
  /** The number of clients whose new connection was refused, because the listener was closed. */
  readonly refused: number;
  /** The errors of requests that were sent and did not get the right answer. */
  readonly failures: readonly string[];
}

/** The outcomes by the pool that the clients use. */
type Outcomes = Readonly<Record<'agent' | 'undici', Outcome>>;

export interface Load {
  /** Starts `count` clients on each pool. Resolves when each has received its first answers. */
  begin(port: number, count: number): Promise<void>;
  /** Resolves when each client was told that the server closes. */
  over(): Promise<Outcomes>;
  stop(): Promise<void>;
}

/** Starts a process with keep-alive clients. */
export function startLoad(): Load {
  const child = spawnNode('spec/clients/keep-alive.ts', { stdio: ['pipe', 'pipe', 'inherit'] });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('Cannot talk to the client: no pipes');
  const lines = createInterface(stdout)[Symbol.asyncIterator]();
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const line = async (): Promise<string> => String((await lines.next()).value);
  return {
    async begin(port, count) {
      stdin.write(`${port} ${count}\n`);
      const said = await line();
      if (said !== 'busy') throw new Error(`The clients did not become busy: ${said}`);
    },
    async over() {
      return JSON.parse(await line()) as Outcomes;
    },
    async stop() {
      stdin.end();
      await exited;
    },
  };
}
