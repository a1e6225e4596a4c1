import type { EventEmitter } from 'node:events';
import { after } from './after.ts';
import { ConnectionLoop } from './connection-loop.ts';
import type { ConnectionTask, TaskScope } from './connection-task.ts';
import { Deadline } from './deadline.ts';
import { Diagnostics } from './diagnostics.ts';
import { onAbort } from './on-abort.ts';
import type { ServeReport, ServeStats } from './serve-report.ts';
import type { ServerKind } from './server-kind.ts';
import { StandaloneSockets } from './standalone-sockets.ts';
import { Stragglers } from './stragglers.ts';
import { taskConnections } from './task-connections.ts';
import { type Handler, type RunnerOptions, TaskRunner } from './task-runner.ts';
import { taskKindOf } from './task-kind-of.ts';

/** How long handlers have to notice that grace is over, in milliseconds. */
const NOTICE_MS = 100;

export interface ServingOptions<Connection> extends RunnerOptions<Connection> {
  readonly signal: AbortSignal | undefined;
  readonly maxQueued: number;
  readonly concurrency: number;
  readonly grace: number;
  readonly idle: number;
}

/**
 * The serving behind `serve`: pulls connections from a loop while there is a slot, and has a task
 * run for each. It is over when the loop is done, no handler runs and no connection lingers; or a
 * moment after grace is, whatever handlers do.
 */
export class ConnectionServing<Connection> {
  readonly finished: Promise<ServeReport>;
  readonly #server: EventEmitter;
  readonly #diagnostics: Diagnostics<Connection>;
  readonly #options: ServingOptions<Connection>;
  readonly #scope: TaskScope<Connection>;
  readonly #loop: ConnectionLoop<ConnectionTask<Connection>>;
  readonly #runner: TaskRunner<Connection>;
  readonly #ended: Promise<void>;
  readonly #stragglers = new Stragglers();
  /** Clients of a `WebSocketServer` with a port that never ask for a WebSocket. */
  readonly #standalone: StandaloneSockets | undefined;
  #end = (): void => {};
  #stopListeningToSignal = (): void => {};
  #takeSlot = (): void => {};
  #grace: number;
  readonly #deadline = new Deadline(() => this.#force());
  /** For the handlers, when grace is over. */
  #noticeTimer: NodeJS.Timeout | undefined;
  #failure: { readonly error: unknown } | undefined;
  #isLoopDone = false;
  #isForced = false;
  /** Of the runner's tasks and the loop's connections: by force, in slices. */
  #unfinishedEnds = 0;
  /** While what waits for a slot is refused. */
  #isLeaving = false;
  /** Handed over by the loop in the very turn in which grace ended. */
  #late = 0;

  constructor(
    server: EventEmitter,
    kind: ServerKind,
    handler: Handler<Connection>,
    options: ServingOptions<Connection>,
  ) {
    this.#diagnostics = new Diagnostics(server);
    this.#server = server;
    this.#options = options;
    this.#grace = options.grace;
    this.#ended = new Promise((resolve) => (this.#end = resolve));
    this.finished = this.#ended.then(() => this.#conclude());
    this.#scope = { kind: taskKindOf(kind), connections: kind.connections, draining: undefined };
    this.#runner = new TaskRunner(this.#diagnostics, this.#scope, handler, options, () =>
      this.#onChange(),
    );
    this.#loop = this.#createLoop(kind);
    if (kind.name === 'WebSocket') this.#standalone = StandaloneSockets.of(server);
    const { signal } = options;
    if (signal?.aborted) this.#loop.leave();
    else if (signal) {
      this.#stopListeningToSignal = onAbort(signal, () => this.#loop.beginLastCall(signal.reason));
    }
    void this.#pull();
  }

  get stats(): ServeStats {
    const { yielded, queued } = this.#loop.stats;
    const { completed, failed, forced } = this.#runner.counts;
    const active = yielded - completed - failed - forced - this.#late;
    return { ...this.#counts, active, queued };
  }

  get #counts(): Omit<ServeStats, 'active' | 'queued'> {
    const { accepted, shed, lost, discarded } = this.#loop.stats;
    const refused = discarded + this.#late;
    return { accepted, ...this.#runner.counts, shed, lost, discarded: refused };
  }

  stop(grace: number): Promise<ServeReport> {
    // Of a shutdown that is under way the earlier deadline stands.
    if (this.#scope.draining === undefined) this.#grace = grace;
    this.#loop.beginLastCall(new DOMException('The server was stopped', 'AbortError'));
    this.#deadline.set(grace);
    return this.finished;
  }

  async dispose(): Promise<void> {
    void this.stop(this.#options.grace);
    await this.#ended;
  }

  #createLoop(kind: ServerKind): ConnectionLoop<ConnectionTask<Connection>> {
    const connections = taskConnections(kind.connections, this.#scope, (task) => {
      if (this.#isLeaving) task.list(this.#stragglers.add);
    });
    const host = {
      idle: this.#options.idle,
      onEnding: (reason: unknown): void => this.#onEnding(reason),
      onOver: (): void => void this.#server.on('error', this.#onServerError),
      onStraggler: this.#stragglers.add,
    };
    const options = { signal: undefined, maxQueued: this.#options.maxQueued, host };
    return new ConnectionLoop(this.#server, { ...kind, connections }, options);
  }

  /** Has tasks begun as long as connections come, in order of arrival. */
  async #pull(): Promise<void> {
    try {
      for (;;) {
        while (this.#runner.size >= this.#options.concurrency && !this.#isForced) {
          await new Promise<void>((resolve) => (this.#takeSlot = resolve));
        }
        const { done, value: task } = await this.#loop.next();
        if (done) break;
        if (this.#isForced) this.#discard(task);
        else this.#runner.start(task);
      }
    } catch (error) {
      this.#failure = { error };
    }
    this.#isLoopDone = true;
    this.#onChange();
  }

  #discard(task: ConnectionTask<Connection>): void {
    this.#late += 1;
    task.closable.destroy();
  }

  #onChange(): void {
    this.#takeSlot();
    if (this.#unfinishedEnds === 0 && this.#isLoopDone && this.#runner.isIdle) this.#end();
  }

  #onEnding(reason: unknown): void {
    this.#scope.draining = { reason };
    this.#runner.drain();
    this.#deadline.set(this.#grace);
  }

  /** Grace is over. */
  #force(): void {
    this.#isForced = true;
    this.#unfinishedEnds = 2;
    const reason = new DOMException('The grace period is over', 'TimeoutError');
    const onDone = (): void => {
      this.#unfinishedEnds -= 1;
      if (this.#unfinishedEnds > 0) return;
      // Whatever happens, this is the end.
      this.#noticeTimer = after(NOTICE_MS, this.#end);
      this.#onChange();
    };
    this.#runner.force(reason, (task) => task.list(this.#stragglers.add), onDone);
    this.#isLeaving = true;
    this.#loop.leave(onDone);
    this.#isLeaving = false;
    this.#takeSlot();
  }

  /** The loop hears them as long as it lives; connections may live longer. */
  readonly #onServerError = (error: unknown): void => this.#diagnostics.serverError(error);

  #conclude(): ServeReport {
    this.#deadline.cancel();
    clearTimeout(this.#noticeTimer);
    this.#server.off('error', this.#onServerError);
    this.#stopListeningToSignal();
    this.#runner.leave();
    this.#standalone?.destroy(this.#stragglers.add);
    this.#standalone?.leave();
    const abandoned = this.#runner.size;
    const report = { ...this.#counts, abandoned, stragglers: this.#stragglers.list };
    this.#diagnostics.end(() => report);
    if (this.#failure) throw this.#failure.error;
    return report;
  }
}
