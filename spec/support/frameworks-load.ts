import { createInterface } from 'node:readline';
import { spawnNode } from './spawn-script.ts';

/** What became of the clients of `spec/clients/keep-alive.ts`, and of what they asked. */
interface Outcome {
  /** Requests whose answer was right. */
  readonly answered: number;
  /** Clients whose last answer said `Connection: close`. */
  readonly closed: number;
  /** Clients that opened a connection when nobody listened any more. */
  readonly refused: number;
  /** What befell requests that were sent and not answered right. */
  readonly failures: readonly string[];
}

/** By the pool that they use. */
type Outcomes = Readonly<Record<'agent' | 'undici', Outcome>>;

export interface Load {
  /** Starts so many clients on each pool; resolves when each has had its first answers. */
  begin(port: number, count: number): Promise<void>;
  /** Resolves when each has heard that the server closes. */
  over(): Promise<Outcomes>;
  stop(): Promise<void>;
}

/** Starts a process of clients with kept connections. */
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
