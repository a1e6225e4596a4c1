import cluster from 'node:cluster';
import { NOTICE_MS, WORKERS_MS } from '../bounds.ts';
import type { Draining } from '../draining/draining.ts';
import { after } from '../primitives/after.ts';
import { setImmediate, unref } from '../primitives/timers.ts';
import { countListeners } from '../signals/other-listeners.ts';
import { tellWorkers, workersGone } from './cluster-workers.ts';
import type { FollowedServer } from './followed-server.ts';
import { heldBy } from './held-by.ts';
import type { Settings } from './settings.ts';
import { type ServerReport, writeReport } from './stop-report.ts';

export interface StopRequest {
  /** The signal whose abort is the request. It has just aborted. */
  readonly told: AbortSignal;
  /** Aborts when the last call begins. */
  readonly delayed: AbortSignal;
}

/** The stop of one process: its workers are told, its servers are drained, and then it ends. */
export class ProcessStop {
  readonly #settings: Settings;
  readonly #request: StopRequest;
  readonly #begun = performance.now();
  readonly #servers: { server: FollowedServer; report: ServerReport['report'] }[] = [];
  /** The drainings that this stop has joined. */
  readonly #drainings = new Set<Draining>();
  #workers = 0;
  #pending = 0;
  #isLeftToProgram = false;
  #isEnding = false;
  #heldBy: readonly string[] | undefined;

  constructor(settings: Settings, request: StopRequest) {
    this.#settings = settings;
    this.#request = request;
    process.on('exit', this.#writeReport);
    void this.#waitFor(this.#tellWorkers());
  }

  /** Drains a server, unless the program stops it by itself. */
  add(server: FollowedServer): void {
    // The server was added before, and listens again.
    if (this.#drainings.has(server.draining)) return;
    if (server.isStoppedByProgram) {
      this.#isLeftToProgram = true;
      return;
    }
    const entry = { server, report: undefined as ServerReport['report'] };
    this.#servers.push(entry);
    this.#drainings.add(server.draining);
    const { grace, idle } = this.#settings;
    const drained = server.draining.join({ signal: this.#request.delayed, grace, idle });
    void this.#waitFor(drained.then((report) => void (entry.report = report)));
  }

  async #tellWorkers(): Promise<void> {
    // Not SIGINT: Ctrl-C has reached the workers, too, and after a while a second SIGINT kills.
    const { delay, grace, signal = 'SIGTERM' } = this.#settings;
    const told = tellWorkers(signal);
    this.#workers = told.size;
    await workersGone(told, delay + grace + WORKERS_MS);
  }

  async #waitFor(part: Promise<void>): Promise<void> {
    this.#pending += 1;
    await part;
    this.#pending -= 1;
    // Parts that are added in this turn, such as the first server, are waited for.
    setImmediate(() => {
      if (this.#pending === 0 && !this.#isEnding) this.#end();
    });
  }

  /**
   * Call it when nothing is left to drain. It ends the process when grace is over, if anything
   * still keeps the process alive then.
   */
  #end(): void {
    // Only the program knows when its own servers have stopped, and what else it has to do.
    if (this.#isLeftToProgram) return;
    this.#isEnding = true;
    // The IPC channel to the primary would keep the process alive.
    if (cluster.worker?.isConnected()) cluster.worker.disconnect();
    // With ACCEPT_LOOP_SIGNAL, the program's own listeners for SIGTERM end the process. If that is
    // SIGTERM itself, they have been looked for when it came.
    const { signal = 'SIGTERM' } = this.#settings;
    if (signal !== 'SIGTERM' && countListeners('SIGTERM') > 0) {
      // Not process.kill(): the process might end before the signal is delivered.
      process.emit('SIGTERM', 'SIGTERM');
      return;
    }
    // A program that replaces lost workers has forked new ones, and would do so again. They are
    // told, and this process does not wait for them.
    if (this.#workers > 0 && tellWorkers('SIGTERM').size > 0) process.exit();
    const { delay, grace } = this.#settings;
    const left = this.#begun + delay + grace - performance.now();
    const timer = after(Math.max(NOTICE_MS, left), () => {
      this.#heldBy = heldBy();
      process.exit();
    });
    unref(timer);
  }

  readonly #writeReport = (exitCode: number): void => {
    writeReport(this.#settings.report, {
      reason: (this.#request.told.reason as Error).message,
      duration: performance.now() - this.#begun,
      servers: this.#servers.map(({ server: { name, address }, report }) => ({
        name,
        address,
        report,
      })),
      workers: this.#workers,
      heldBy: this.#heldBy,
      exitCode,
    });
  };
}
