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
  /** Aborted just now: the request. */
  readonly told: AbortSignal;
  /** Aborts when the last call begins. */
  readonly delayed: AbortSignal;
  /** The signal of the operating system, if one came. */
  readonly name: NodeJS.Signals | undefined;
}

/** The stop of one process: its servers are drained, its workers told, and at last it ends. */
export class ProcessStop {
  readonly #settings: Settings;
  readonly #request: StopRequest;
  readonly #begun = performance.now();
  readonly #servers: { server: FollowedServer; report: ServerReport['report'] }[] = [];
  /** Those that this stop has begun. */
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
    // It listens anew.
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
    const { name = 'SIGTERM' } = this.#request;
    const { delay, grace } = this.#settings;
    const told = tellWorkers(name);
    this.#workers = told.size;
    await workersGone(told, delay + grace + WORKERS_MS);
  }

  async #waitFor(part: Promise<void>): Promise<void> {
    this.#pending += 1;
    await part;
    this.#pending -= 1;
    // What is added in this turn, such as the first server, is waited for.
    setImmediate(() => {
      if (this.#pending === 0 && !this.#isEnding) this.#end();
    });
  }

  /** Nothing is left to drain. What holds the process now has until the end of grace. */
  #end(): void {
    // The program knows when its own servers have stopped, and what else it has to do.
    if (this.#isLeftToProgram) return;
    this.#isEnding = true;
    // The channel to the primary would hold it.
    if (cluster.worker?.isConnected()) cluster.worker.disconnect();
    // Told to stop after these servers, the program ends by its own means.
    if (this.#settings.signal && countListeners('SIGTERM') > 0) {
      // Not by process.kill(): nothing may hold the process until it comes.
      process.emit('SIGTERM', 'SIGTERM');
      return;
    }
    // Those that were forked meanwhile, by a program that keeps up their number. It would again.
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
