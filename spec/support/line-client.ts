import { createInterface } from 'node:readline';
import { spawnNode } from './spawn-script.ts';

/** A client process that answers each line of its input with one line. */
export interface LineClient {
  readonly ask: (...words: (string | number)[]) => Promise<string>;
  readonly stop: () => Promise<void>;
}

/** Starts a script of `spec/clients/`, which says that it is ready with its first line. */
export async function lineClient(path: string): Promise<LineClient> {
  const child = spawnNode(path, { stdio: ['pipe', 'pipe', 'inherit'] });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('Cannot talk to the client: no pipes');
  const lines = createInterface(stdout)[Symbol.asyncIterator]();
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await lines.next();
  return {
    async ask(...words) {
      stdin.write(`${words.join(' ')}\n`);
      const { value } = await lines.next();
      return String(value);
    },
    async stop() {
      stdin.end();
      await exited;
    },
  };
}
