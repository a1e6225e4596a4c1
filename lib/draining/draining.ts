import { closesIdleWithListener, tellsCloseLate } from '../primitives/runtime.ts';
import { GONE_MS } from '../bounds.ts';
import type { EventEmitter } from 'node:events';
import { Diagnostics } from '../diagnostics.ts';
import type { DrainReport, DrainStats } from '../reports.ts';
import { DrainTimes } from './drain-times.ts';
import type { End } from '../shutdown/in-slices.ts';
import { OpenList } from '../shutdown/open-list.ts';
import { Progress } from '../shutdown/progress.ts';
import { Shutdown, type ShutdownHost } from '../shutdown/shutdown.ts';
import type { LastCallTerms } from '../listening/last-call.ts';
import { closeLate, LateListening } from '../listening/late-listening.ts';
import { Listener } from '../listening/listener.ts';
import { onAbort, reasonOf } from '../primitives/on-abort.ts';
import { ServerConnections } from './connections.ts';
import type { KnownServer } from '../protocols/known-server.ts';
import type { IsBusy } from '../protocols/quiet.ts';
import { Sweeper } from '../shutdown/sweeper.ts';

const arrivals = ['connection', 'secureConnection'];

export interface DrainingOptions {
  readonly signal: AbortSignal | undefined;
  readonly grace: number;
  readonly idle: number;
  readonly quiet?: number;
  readonly isBusy?: IsBusy | undefined;
}

/** What has the drainings of all servers. */
export interface DrainingHost {
  /** Whether the server had been drained before. */
  readonly wasDrained: boolean;
  /** Called once, at the end. Later calls of `drain` for the server make a new draining. */
  readonly onLeft: (hasDrained: boolean) => void;
  /** Drains the server anew: after the end, it was told to listen. */
  readonly drainAgain: (options: DrainingOptions) => void;
}

/**
 * The shutdown behind `drain`. When it begins, it takes the last call, and has the connections
 * ended. It is over when none is left, or a moment after grace.
 */
export class Draining implements ShutdownHost {
  readonly connections: ServerConnections;
  readonly #finished: Promise<DrainReport>;
  readonly #server: EventEmitter;
  readonly #known: KnownServer;
  readonly #host: DrainingHost;
  readonly #diagnostics: Diagnostics;
  readonly #listener: Listener;
  readonly #shutdown = new Shutdown(this);
  readonly #sweeper: Sweeper;
  readonly #cancels: (() => void)[] = [];
  #settle: (report: DrainReport) => void = () => {};
  #late: LateListening | undefined;
  readonly #times = new DrainTimes();
  #isJoined = false;
  #isCounted = false;
  /** Whether the connections were swept in this very call, so that an end by force need not. */
  #isBeginning = false;
  #progress: Progress | undefined;
  #report: DrainReport | undefined;

  constructor(server: EventEmitter, known: KnownServer, host: DrainingHost) {
    this.#server = server;
    this.#known = known;
    this.#host = host;
    this.#diagnostics = new Diagnostics(server);
    this.#finished = new Promise((resolve) => (this.#settle = resolve));
    this.connections = new ServerConnections(server, known, {
      onChange: () => (this.#isJoined ? this.#shutdown.check() : this.#leaveUnjoined()),
      onClosed: () =>
        this.#listener.beginLastCall(new DOMException('The server was closed', 'AbortError')),
    });
    this.#listener = new Listener(server, known, {
      mayEnd: () => this.#isJoined,
      onEnding: (reason) => this.#onEnding(reason),
      onLastCall: () => this.#onLastCall(),
      onClosed: () => this.#onClosed(),
      onFoundClosed: () => (this.#isJoined ? this.#shutdown.check() : this.#leaveUnjoined()),
      hasSaidClose: host.wasDrained,
    });
    this.#sweeper = new Sweeper(
      () => this.connections.sweep(),
      () => this.#listener.state !== 'open',
    );
  }

  /** Whether a call has asked for the shutdown, at once or by a signal. */
  get isJoined(): boolean {
    return this.#isJoined;
  }

  /** Adds a call. The first signal to abort counts, and the earliest deadline. */
  join(options: DrainingOptions): Promise<DrainReport> {
    const { signal, grace, idle, quiet = Infinity, isBusy } = options;
    this.#isJoined = true;
    if (this.#listener.state !== 'open') {
      this.#shutdown.setDeadline(grace);
      return this.#finished;
    }
    this.#times.join(grace, idle);
    this.connections.endSilent(quiet, isBusy);
    if (signal) this.#follow(signal, options);
    else this.#listener.beginLastCall(new DOMException('The server is drained', 'AbortError'));
    return this.#finished;
  }

  /** Begins the shutdown. If it is under way, the call may move its deadline nearer. */
  stop(grace: number): Promise<DrainReport> {
    return this.join({ signal: undefined, grace, idle: Infinity });
  }

  open(): OpenList {
    const list = new OpenList();
    if (!this.#shutdown.isOver) this.connections.listOpen(list);
    return list;
  }

  get stats(): DrainStats {
    if (this.#report === undefined) return this.connections.counts.stats;
    const { finished, forced } = this.#report;
    return { open: 0, finished, forced };
  }

  /**
   * Begins the shutdown when `signal` aborts. If the server is told to listen after that, it is
   * closed at once.
   */
  #follow(signal: AbortSignal, options: DrainingOptions): void {
    const [server, known] = [this.#server, this.#known];
    const begin = (reason: unknown): void => {
      // A WebSocketServer without a server of its own is never told to listen.
      if (known.isListening() === undefined) return this.#listener.beginLastCall(reason);
      this.#late = new LateListening(server, this.#listener.hasListened, () => {
        if (this.#shutdown.isOver) this.#host.drainAgain(options);
        else closeLate(server, known);
      });
      this.#listener.beginLastCall(reason);
    };
    if (signal.aborted) return begin(reasonOf(signal));
    LateListening.forget(server);
    this.#cancels.push(onAbort(signal, begin));
  }

  #onEnding(reason: unknown): void {
    this.#times.begin();
    for (const cancel of this.#cancels) cancel();
    this.#diagnostics.drain(reason);
    this.#progress = Progress.begin(this.#server, this.#known.name, this.#diagnostics, {
      reason,
      idle: this.#times.idle,
      open: () => this.open(),
    });
    if (!tellsCloseLate) this.connections.sweep();
    this.connections.begin(() => this.#onCounted());
    this.#isBeginning = !tellsCloseLate;
    this.#shutdown.setDeadline(this.#times.grace);
    this.#isBeginning = false;
  }

  #onLastCall(): LastCallTerms | undefined {
    const { endsIdle, waitsForHost } = this.#known;
    if (this.#known.isListening() !== true && !waitsForHost) return undefined;
    if (endsIdle) this.#tell();
    else this.connections.holdBack();
    return {
      source: this.connections.source,
      events: arrivals,
      delay: endsIdle ? this.#times.idle : 0,
      isProlonged: waitsForHost,
      bringsUpgrades: this.#known.carriers !== undefined,
      // On Bun, the clients of the HTTP server that is waited for are told now, too.
      onProlonged: () => closesIdleWithListener && this.#tell(),
    };
  }

  #onClosed(): void {
    this.#progress?.onListenerClosed();
    this.connections.refuseUpgrades();
    // Not earlier: a client that is told to go would come back to this same server.
    this.#tell();
    this.#shutdown.check();
  }

  #tell(): void {
    this.connections.end(this.#times.goodbyes(this.#shutdown.left), this.#shutdown.isForced);
  }

  /**
   * No call has joined: leaves a closed server when its last connection has gone. Not earlier,
   * because leaving ends the connections that are followed.
   */
  #leaveUnjoined(): void {
    if (!this.#listener.hasClosed || this.connections.size > 0) return;
    this.#leave();
    this.connections.leave();
  }

  #onCounted(): void {
    this.#isCounted = true;
    const { isForced, isForcing } = this.#shutdown;
    if (isForced) this.connections.counts.listEarlier();
    if (isForced && !isForcing) this.connections.earlier.destroy();
    this.#shutdown.check();
  }

  isDone(): boolean {
    if (this.#listener.state !== 'closed' || !this.#isCounted || this.connections.size > 0)
      return false;
    const { hasListened, hasClosed } = this.#listener;
    // The server emits `'close'` when they have gone.
    const { earlier } = this.connections;
    const hasOthers = hasListened || earlier.size > 0;
    return hasClosed || !hasOthers || earlier.hasClosed;
  }

  force(): Iterable<End> {
    this.#progress?.onGraceOver();
    if (!this.#isBeginning) this.connections.sweep();
    if (this.#listener.close()) this.#onClosed();
    return this.connections.force();
  }

  onForced(): number {
    // Node forgets a connection as it is destroyed: one that is not counted yet would be in no report.
    if (this.#isCounted) this.connections.earlier.destroy();
    return GONE_MS;
  }

  onOver(): void {
    // The server's own `getConnections()` may never answer.
    if (!this.#isCounted) this.connections.earlier.destroy();
    this.#leave();
    // Before the connections are left: a session's own end comes after the end of the server.
    const { duration } = this.#times;
    // Frozen: all calls get the same report, and so do subscribers of a channel.
    const report = Object.freeze({ ...this.connections.counts.report(), duration });
    this.#report = report;
    this.#progress?.onOver(report);
    this.connections.leave();
    this.#late?.end(report.finished + report.forced > 0);
    this.#diagnostics.end(() => report);
    this.#settle(report);
  }

  #leave(): void {
    this.#listener.leave();
    this.#sweeper.stop();
    this.#host.onLeft(this.#shutdown.isOver);
  }
}
