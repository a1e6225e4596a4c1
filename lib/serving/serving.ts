import { FEW_HANDLERS, HURRIED_FLUSH_MS, NOTICE_MS } from '../bounds.ts';
import type { EventEmitter } from 'node:events';
import { Acceptor } from '../accepting/acceptor.ts';
import { Task } from './task.ts';
import { listWaiting, stragglingTask } from './task-listing.ts';
import type { TaskScope } from './task-scope.ts';
import { OpenList } from '../shutdown/open-list.ts';
import { Progress } from '../shutdown/progress.ts';
import { Shutdown, type ShutdownHost } from '../shutdown/shutdown.ts';
import { type End, inSlices, turn } from '../shutdown/in-slices.ts';
import type { ServeReport, ServeStats } from '../reports.ts';
import type { KnownServer } from '../protocols/known-server.ts';
import { Sweeper } from '../shutdown/sweeper.ts';
import { Quiet } from '../protocols/quiet.ts';
import type { PrivateSockets } from '../protocols/private-sockets.ts';
import { Stragglers } from '../shutdown/stragglers.ts';
import type { ServingOptions } from './serving-options.ts';
import { type Handler, TaskRunner } from './task-runner.ts';
import { hear, unhear } from '../primitives/hear.ts';
import { Slots } from './slots.ts';

/**
 * The serving behind `serve`. It starts a task for each connection of an acceptor. If a slot is
 * free, the task starts within the emit that brings the connection.
 *
 * It is over when no connection comes any more, no handler runs and no connection lingers. At the
 * latest it is over a moment after grace, even if handlers still run.
 */
export class ConnectionServing<Connection> implements ShutdownHost {
  readonly finished: Promise<ServeReport>;
  readonly #server: EventEmitter;
  readonly #options: ServingOptions<Connection>;
  readonly #scope: TaskScope<Connection>;
  readonly #acceptor: Acceptor<Task<Connection>>;
  readonly #runner: TaskRunner<Connection>;
  readonly #slots: Slots<Connection>;
  readonly #ended: Promise<void>;
  readonly #stragglers = new Stragglers();
  /** The sockets of clients that have not become a connection, and may never become one. */
  readonly #sockets: PrivateSockets | undefined;
  readonly #sweeper: Sweeper;
  #end = (): void => {};
  #grace: number;
  #progress: Progress | undefined;
  readonly #shutdown = new Shutdown(this);

  constructor(
    server: EventEmitter,
    known: KnownServer,
    handler: Handler<Connection>,
    options: ServingOptions<Connection>,
  ) {
    this.#server = server;
    this.#options = options;
    this.#grace = options.grace;
    this.#ended = new Promise((resolve) => (this.#end = resolve));
    this.finished = this.#ended.then(() => this.#conclude());
    const quiet = options.quiet === Infinity ? undefined : this.#quietOf(known);
    this.#scope = { protocol: known.connections, draining: undefined, quiet };
    this.#acceptor = new Acceptor(server, known, options.maxQueued, {
      arrive: (connection) => new Task(connection as Connection, this.#scope),
      consumers: () => this.#slots.free,
      onArrival: () => this.#slots.fill(),
      onPass: (task) => this.#runner.start(task),
      onEnding: (reason) => this.#onEnding(reason, known.name),
      onListenerClosed: () => this.#progress?.onListenerClosed(),
      onOver: () => this.#onAcceptorOver(),
      politeness: { idle: options.idle, onStraggler: this.#stragglers.add },
    });
    const { diagnostics } = this.#acceptor;
    const onChange = (): void => this.#slots.look();
    this.#runner = new TaskRunner(diagnostics, this.#scope, handler, options, onChange);
    this.#slots = new Slots(this.#acceptor, this.#runner, options.concurrency, this.#shutdown);
    this.#sockets = known.privateSockets?.();
    this.#sweeper = new Sweeper(
      () => this.#sweep(),
      () => this.#isHurried,
    );
    this.#acceptor.follow(options.signal);
  }

  get stats(): ServeStats {
    const { yielded, queued } = this.#acceptor.queue.stats;
    const { completed, failed, forced } = this.#runner.counts;
    const active = yielded - completed - failed - forced;
    return { ...this.#counts, active, queued };
  }

  get #counts(): Omit<ServeStats, 'active' | 'queued'> {
    const { accepted, shed, lost, discarded } = this.#acceptor.queue.stats;
    return { accepted, ...this.#runner.counts, shed, lost, discarded };
  }

  open(): OpenList {
    const list = new OpenList();
    if (this.#shutdown.isOver) return list;
    this.#runner.listOpen(list);
    listWaiting(this.#acceptor.queue.waiting, list);
    this.#acceptor.listOpen(list);
    this.#sockets?.listOpen(list);
    return list;
  }

  #quietOf(known: KnownServer): Quiet {
    return new Quiet(this.#options, {
      open: () => this.#runner.sockets,
      isClosed: () => known.isListening() !== true,
    });
  }

  stop(grace: number): Promise<ServeReport> {
    // If a shutdown is under way, the earlier deadline wins.
    if (this.#scope.draining === undefined) this.#grace = grace;
    this.#acceptor.beginLastCall(new DOMException('The server was stopped', 'AbortError'));
    this.#shutdown.setDeadline(grace);
    return this.finished;
  }

  async dispose(): Promise<void> {
    void this.stop(this.#options.grace);
    await this.#ended;
  }

  /** Whether connections wait for a slot, the shutdown has begun, or `flush` is short. */
  get #isHurried(): boolean {
    if (this.#scope.draining !== undefined || this.#acceptor.isOver) return true;
    return this.#acceptor.queue.size > 0 || this.#options.flush < HURRIED_FLUSH_MS;
  }

  #sweep(): void {
    this.#runner.sweepInSlices();
    this.#sockets?.sweep();
  }

  isDone(): boolean {
    return this.#acceptor.isOver && this.#acceptor.queue.size === 0 && this.#runner.isIdle;
  }

  /**
   * Call it when no task is left, or the shutdown waits for none any more. Ends the sockets that
   * have not become a connection.
   */
  onOver(): void {
    inSlices(this.#lastEnds(), this.#end);
  }

  *#lastEnds(): Generator<End> {
    yield* this.#acceptor.lastEnds();
    if (!this.#sockets) return;
    // A socket that has just closed emits its 'close' before the next turn.
    yield turn;
    yield* this.#sockets.ends(this.#stragglers.add);
  }

  /** No connection comes any more. Errors of the server are still listened for. */
  #onAcceptorOver(): void {
    hear(this.#server, 'error', this.#onServerError);
    this.#slots.look();
  }

  #onEnding(reason: unknown, name: string): void {
    this.#scope.draining = { reason };
    const { idle } = this.#options;
    const open = (): OpenList => this.open();
    const { diagnostics } = this.#acceptor;
    this.#progress = Progress.begin(this.#server, name, diagnostics, { reason, idle, open });
    this.#runner.sweep();
    this.#runner.drain();
    this.#scope.quiet?.begin();
    this.#shutdown.setDeadline(this.#grace);
  }

  force(): End[] {
    this.#progress?.onGraceOver();
    this.#scope.quiet?.stop();
    this.#runner.sweep();
    const reason = new DOMException('The grace period is over', 'TimeoutError');
    const { add } = this.#stragglers;
    return [
      // First: the emitter may have better means than ours to end its connections.
      () => this.#acceptor.closeLast(),
      ...this.#runner.force(reason, add),
      ...this.#acceptor.force((task) => stragglingTask(task, add)()),
    ];
  }

  onForced(spent: number): number {
    this.#slots.look();
    const left = NOTICE_MS - spent;
    // Whoever awaits a socket notices in the next turn: a timer comes after that.
    return this.#runner.size > FEW_HANDLERS ? left : Math.max(1, left);
  }

  /** The acceptor has a listener only until it is over, and connections may live longer. */
  readonly #onServerError = (error: unknown): void => this.#acceptor.diagnostics.serverError(error);

  #conclude(): ServeReport {
    unhear(this.#server, 'error', this.#onServerError);
    this.#sweeper.stop();
    this.#scope.quiet?.stop();
    this.#runner.leave();
    this.#sockets?.leave();
    const abandoned = this.#runner.size;
    const stragglers = this.#stragglers.take();
    // Frozen, because subscribers of a diagnostics channel get the same object.
    const report = Object.freeze({ ...this.#counts, abandoned, stragglers });
    this.#progress?.onOver(report);
    this.#acceptor.diagnostics.end(() => report);
    if (this.#acceptor.failure) throw this.#acceptor.failure.error;
    return report;
  }
}
