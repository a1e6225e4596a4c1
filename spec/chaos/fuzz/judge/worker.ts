import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** How much is kept of what a process says as it dies, in characters. */
const LAST_WORDS = 4000;

/** How long it may take to end when it is told nothing any more, in milliseconds. */
const STOP_MS = 15_000;

interface Message {
  readonly id: number | undefined;
  readonly says: string;
}

/** How a process has ended. */
export interface Death {
  readonly code: number | string;
  readonly errors: string;
}

/** A process that is told, and tells, a line of JSON each. */
export class Worker<Order, Reply extends Message> {
  /** Settles when it has ended. */
  readonly died: Promise<Death>;
  /** Whether it is not known to end. */
  isAlive = true;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<string, (reply: Reply) => void>();
  #errors = '';

  /** @param child - Its input and outputs are pipes. */
  constructor(child: ChildProcess, onReply: (reply: Reply) => void = () => {}) {
    this.#child = child;
    const { stdin, stdout, stderr } = child;
    if (stdin === null || stdout === null) throw new Error('Cannot talk to a process: no pipes');
    // Its end is noticed by `died`.
    stdin.on('error', () => {});
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-LAST_WORDS);
    });
    createInterface(stdout).on('line', (line) => {
      if (!line.startsWith('{')) return;
      const reply = JSON.parse(line) as Reply;
      onReply(reply);
      const key = `${reply.id} ${reply.says}`;
      this.#waiting.get(key)?.(reply);
      this.#waiting.delete(key);
    });
    this.died = new Promise((resolve) => {
      const end = (code: number | string): void => {
        this.isAlive = false;
        resolve({ code, errors: this.#errors });
      };
      child.once('error', ({ message }) => end(message));
      child.once('close', (code, signal) => end(code ?? String(signal)));
    });
  }

  tell(order: Order): void {
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  /** Waits for what it says about a round; for ever, if it has died. */
  hear<Says extends Reply['says']>(id: number, says: Says): Promise<Reply & { says: Says }> {
    return new Promise((resolve) => {
      this.#waiting.set(`${id} ${says}`, resolve as (reply: Reply) => void);
    });
  }

  kill(): void {
    this.isAlive = false;
    this.#child.kill('SIGKILL');
  }

  /** Lets it end. One that does not, though it has nothing to do any more, dies of `SIGKILL`. */
  async stop(): Promise<void> {
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.kill(), STOP_MS);
    await this.died;
    clearTimeout(timer);
  }
}
