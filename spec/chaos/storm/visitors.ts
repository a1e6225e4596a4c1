import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { spawnNode } from '../../support/spawn-script.ts';
import type { Errand, VisitAccount } from './account.ts';

/** The process in which the clients live, whatever happens to this one. */
export class Visitors {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (accounts: VisitAccount[]) => void>();
  readonly #exited: Promise<void>;
  #errands = 0;
  #isStopped = false;

  constructor(onDeath: (error: Error) => void) {
    const stdio = ['pipe', 'pipe', 'inherit'] as const;
    this.#child = spawnNode('spec/chaos/clients/visitors.ts', { stdio: [...stdio] });
    const { stdin, stdout } = this.#child;
    if (stdin === null || stdout === null) throw new Error('Cannot talk to the clients: no pipes');
    stdin.on('error', () => {});
    createInterface(stdout).on('line', (line) => {
      const { round, accounts } = JSON.parse(line) as { round: number; accounts: VisitAccount[] };
      this.#waiting.get(round)?.(accounts);
      this.#waiting.delete(round);
    });
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        resolve();
        if (!this.#isStopped) onDeath(new Error(`The clients died: ${code ?? signal}`));
      });
    });
  }

  /** Sends them out, and waits for the account of each. */
  visit(errand: Omit<Errand, 'round'>): Promise<VisitAccount[]> {
    const round = (this.#errands += 1);
    const accounts = new Promise<VisitAccount[]>((resolve) => this.#waiting.set(round, resolve));
    this.#child.stdin?.write(`${JSON.stringify({ round, ...errand })}\n`);
    return accounts;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#child.stdin?.end();
    await this.#exited;
  }
}
