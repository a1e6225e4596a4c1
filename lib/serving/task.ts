import type { Closable, Protocol } from '../protocols/protocol.ts';
import { AsyncResource } from 'node:async_hooks';
import type { Socket } from 'node:net';
import { attempt } from '../primitives/attempt.ts';
import { now } from '../primitives/clock.ts';
import type { Quiet } from '../protocols/quiet.ts';
import { isExpected } from './own-errors.ts';
import type { OpenState, Straggler } from '../reports.ts';
import { attemptOf } from '../primitives/hear.ts';
import type { OpenList } from '../shutdown/open-list.ts';
import { type OnStraggler, stragglerOf } from '../shutdown/stragglers.ts';
import { TaskSignals } from './task-signals.ts';
import type { Arrival, Holder } from '../accepting/queue.ts';
import type { LinkedList } from '../primitives/linked-list.ts';
import { isTransportError } from './transport-error.ts';

/** What all tasks of one `serve` share. */
export interface TaskScope<Connection> {
  readonly protocol: Protocol<Connection>;
  /** Set when the shutdown begins. */
  draining: { readonly reason: unknown } | undefined;
  /** Ends connections that are silent. Not there without the option, or if they are no sockets. */
  readonly quiet?: Quiet | undefined;
}

/** Who runs tasks, and is told what the promise of each handler has become. */
export interface TaskOwner<Connection> extends Holder<Task<Connection>> {
  onResolved(task: Task<Connection>): void;
  onRejected(task: Task<Connection>, error: unknown): void;
}

/** Nothing waits for its destruction: it would be one more object for the collector to tell of. */
const resourceOptions = { requireManualDestroy: true };

/**
 * One connection, from its accept until it has closed: queued, running, flushing, lingering. The list
 * that it is in says which. There are as many as there are open connections: each has what all of
 * them need, and its signals if they are read. A private method would be one more word of each.
 *
 * It is an async context, too: that of the event that has brought the connection. Its handler,
 * `onError` and the listeners of its signals run in it, and what they enter stays with it.
 */
export class Task<Connection> extends AsyncResource implements Arrival<Task<Connection>> {
  readonly connection: Connection;
  /** When it was accepted, of `now()`. */
  readonly since: number;
  list: LinkedList<Task<Connection>> | undefined;
  previous: Task<Connection> | undefined;
  next: Task<Connection> | undefined;
  /** From the handler's call to its end. */
  owner: TaskOwner<Connection> | undefined;
  /** What its end is. Of one in callback style, a connection that has failed is a task that has. */
  awaits: 'promise' | 'close' | 'orderly close' = 'promise';
  /** Of `now()`: when what was written has to have left, or the peer to have ended. 0: not set. */
  deadline = 0;
  /** Its response had ended, and was not gone by then. */
  isCut = false;
  readonly #scope: TaskScope<Connection>;
  #holder: Holder<Task<Connection>> | undefined;
  #life: 'unwatched' | 'watched' | 'closed' = 'unwatched';
  #closable: Closable | undefined;
  #signals: TaskSignals<Connection> | undefined;

  constructor(connection: Connection, scope: TaskScope<Connection>) {
    super('accept-loop', resourceOptions);
    this.connection = connection;
    this.#scope = scope;
    this.since = now();
  }

  get closable(): Closable {
    this.#closable ??= this.#scope.protocol.closable(this.connection);
    return this.#closable;
  }

  get signal(): AbortSignal {
    this.#signals ??= new TaskSignals(this, this.#scope);
    return this.#signals.signal;
  }

  get draining(): AbortSignal {
    this.#signals ??= new TaskSignals(this, this.#scope);
    return this.#signals.draining;
  }

  /** Tells this holder, and no other any more, once it has closed. It has one listener for all. */
  watch(holder: Holder<Task<Connection>>): void {
    this.#holder = holder;
    if (this.#life === 'watched') return;
    if (this.#life === 'closed' && this.closable.isClosed()) return holder.onClosed(this);
    // It may close in this very call. A 'close' that somebody has emitted was not its end.
    this.#life = 'watched';
    try {
      this.closable.onClose(onClosed.bind(this));
    } catch (error) {
      this.#life = 'unwatched';
      throw error;
    }
  }

  unwatch(): void {
    this.#holder = undefined;
  }

  /** Whether somebody may wait for the abort of its signal. */
  get isFollowed(): boolean {
    return this.#signals?.isFollowing === true;
  }

  /** It has closed, as was heard or found. */
  noteClosed(): void {
    if (this.#life === 'closed') return;
    this.#life = 'closed';
    this.#holder?.onClosed(this);
  }

  /** Its handler has given a promise. */
  follow(result: Promise<unknown>): void {
    // Bound functions take half of what closures do, as long as the connection is open.
    result.then(resolve.bind(this), reject.bind(this));
  }

  /** Tells of it as one that is to be ended by force, by the socket or session that carries it. */
  tellStraggler(onStraggler: OnStraggler): void {
    onStraggler(this.describe(), this.carrier);
  }

  /** Lists it, by the same. */
  listOpen(list: OpenList, state: OpenState): void {
    list.add(this.carrier, state, this.since, () => this.describe());
  }

  get carrier(): object {
    const connection = this.connection as object;
    const { protocol } = this.#scope;
    return (
      attemptOf(connection, 'carrier', () => protocol.carrierOf?.(this.connection)) ?? connection
    );
  }

  describe(): Straggler {
    const { protocol } = this.#scope;
    const { connection, since } = this;
    const socket = attemptOf(connection as object, 'socket', () => protocol.socketOf(connection));
    const line = protocol.requestLineOf?.(connection);
    return stragglerOf(protocol.straggler, socket, since, line);
  }

  /** The shutdown has begun: the scope says why. */
  drain(): void {
    this.#signals?.drain();
  }

  /** Its work has lost its point. */
  lose(reason: unknown): void {
    if (this.owner === undefined) return;
    this.#signals ??= new TaskSignals(this, this.#scope);
    this.#signals.lose(reason);
  }

  /** Its handler has ended. */
  settle(): void {
    this.owner = undefined;
    this.#holder = undefined;
    this.#signals?.settle();
  }

  /** Whether it was silent for so long that we have ended its connection. */
  get wasSilent(): boolean {
    return this.#scope.quiet?.hasEnded(this.connection as Socket) === true;
  }

  /** Its connection has closed, and its handler may not have ended. */
  depart(): void {
    this.#signals?.depart();
  }

  /**
   * Whether a handler's error only says what is known: that the connection has failed or closed, or
   * that one of its signals has aborted.
   */
  isExpected(error: unknown): boolean {
    const { protocol, draining } = this.#scope;
    const { connection } = this;
    const lost = this.#signals?.lost;
    const ofConnection = attempt(() => protocol.errors(connection)) ?? [];
    const errors = ofConnection.filter(isTransportError);
    if (lost) errors.push(lost.reason);
    if (draining) errors.push(draining.reason);
    const wereSignalsHeard = this.#signals?.wereHeard === true;
    return isExpected(error, {
      errors,
      isGone: () => protocol.isGone(connection),
      wereSignalsHeard,
    });
  }
}

function onClosed(this: Task<unknown>): void {
  this.noteClosed();
}

function resolve(this: Task<unknown>): void {
  this.owner?.onResolved(this);
}

function reject(this: Task<unknown>, error: unknown): void {
  this.owner?.onRejected(this, error);
}
