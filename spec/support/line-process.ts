import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A process that answers each line of its input with one line. It ends when its input ends. */
export interface LineProcess {
  /** The line that it has written by itself, when it was ready. */
  readonly greeting: string;
  readonly child: ChildProcess;
  /** Sends a line, and resolves with the answer. Rejects if the process ends instead. */
  readonly ask: (...words: readonly (string | number)[]) => Promise<string>;
  readonly stop: () => Promise<void>;
}

/** @param child - It has just been started. Its input and output are pipes. */
export async function lineProcess(child: ChildProcess): Promise<LineProcess> {
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('Cannot talk to the process: no pipes');
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => resolve());
  });
  const lines = createInterface(stdout)[Symbol.asyncIterator]();
  const hear = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done !== true) return value;
    await ended;
    throw new Error(`It has ended with ${child.exitCode ?? child.signalCode}`);
  };
  // `hear` notices the end of the process.
  stdin.on('error', () => {});
  const greeting = await hear();
  return {
    greeting,
    child,
    ask(...words) {
      stdin.write(`${words.join(' ')}\n`);
      return hear();
    },
    stop() {
      stdin.end();
      return ended;
    },
  };
}
