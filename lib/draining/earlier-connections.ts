import { forgetsCount } from '../primitives/runtime.ts';
import { COUNT_MS, EMPTY_COUNTS } from '../bounds.ts';
import type { EventEmitter } from 'node:events';
import { attemptOf } from '../primitives/hear.ts';
import type { Census } from './census.ts';
import { unref } from '../primitives/timers.ts';
import type { Straggler } from '../reports.ts';
import type { OpenList } from '../shutdown/open-list.ts';
import { stragglerOf } from '../shutdown/stragglers.ts';

/** What a server has for connections whose sockets are not known. A WebSocket server has none. */
interface Counting extends EventEmitter {
  readonly listening?: boolean;
  getConnections?(callback: (error: Error | null, count: number) => void): unknown;
  closeIdleConnections?(): void;
  closeAllConnections?(): void;
}

/**
 * The connections that a server had before it was followed. Only their number is known. When
 * connections of HTTP/1 among them are idle, Node's own methods end them.
 */
export class EarlierConnections {
  readonly #server: Counting;
  readonly #open: Census;
  /** Since when the server is followed, of `performance.now()`. They are older. */
  readonly #since = performance.now();
  #spares = (): boolean => true;
  #timer: NodeJS.Timeout | undefined;
  #count = 0;
  #first = 0;
  #emptyCounts = 0;
  readonly #onChange: () => void;

  /**
   * @param open - The connections that are known.
   * @param onChange - Called when the server has closed, by its own counts.
   */
  constructor(server: EventEmitter, open: Census, onChange: () => void) {
    this.#server = server;
    this.#open = open;
    this.#onChange = onChange;
  }

  /**
   * Whether the server has closed, by its own counts. Its `'close'` tells that earlier, but other
   * code may remove all listeners, or throw in an earlier one.
   */
  get hasClosed(): boolean {
    return this.#emptyCounts >= EMPTY_COUNTS;
  }

  /** How many are open, by the last count. */
  get size(): number {
    return this.#count;
  }

  /** How many were open when the shutdown began. */
  get total(): number {
    return this.#first;
  }

  /** Lists them, without an address, unless `list` has all connections already. */
  listOpen(list: OpenList): void {
    const unlisted = this.#open.size + this.size - list.size;
    for (let left = Math.min(unlisted, this.size); left > 0; left -= 1) {
      list.add({}, 'running', this.#since, () => this.describe());
    }
  }

  /** Describes one of them. */
  describe(): Straggler {
    return stragglerOf('connection', undefined, this.#since);
  }

  /**
   * From now on counts them now and then.
   *
   * @param onCounted - Called after the first count.
   */
  begin(onCounted: () => void): void {
    this.#ask(() => {
      this.#first = this.#count;
      onCounted();
    });
    this.#timer = setInterval(() => this.#check(), COUNT_MS);
    unref(this.#timer);
  }

  /**
   * From now on ends connections that are idle.
   *
   * @param spares - Whether a known connection is idle and still has time. Node would end that
   * connection as well, so nothing is ended then.
   */
  endIdle(spares: () => boolean): void {
    this.#spares = spares;
  }

  /**
   * Ends the connections of HTTP/1 by force. Node has no list of others. This has to come last:
   * Node ends all connections of the server in one go.
   */
  destroy(): void {
    // Even if the count is 0: a runtime may not have counted a silent connection.
    this.#attempt('closeAllConnections', (server) => server.closeAllConnections?.());
  }

  leave(): void {
    clearInterval(this.#timer);
  }

  /**
   * By how many Node's own count is too high. After the listener is closed, it is one too many,
   * until a process that was sent a socket has answered that it has none left. There is no public
   * property that tells of a socket that was sent before the server was followed.
   */
  get #surplus(): number {
    const name = '_usingWorkers';
    const hasSent = this.#attempt(name, (server): unknown => Reflect.get(server, name)) === true;
    return (hasSent || this.#open.hasHandedOff) && this.#isListening === false ? 1 : 0;
  }

  #check(): void {
    if (forgetsCount && !this.#isListening) this.#endIdle();
    else this.#ask(() => this.#endIdle());
  }

  #endIdle(): void {
    if (this.#count === 0 || this.#spares()) return;
    this.#attempt('closeIdleConnections', (server) => server.closeIdleConnections?.());
  }

  get #isListening(): boolean | undefined {
    return this.#attempt('listening', (server) => server.listening);
  }

  #ask(onAnswer: () => void): void {
    const name = 'getConnections';
    const canTell = this.#attempt(name, (server) => server[name] !== undefined);
    if (!canTell) return onAnswer();
    const onCount = (_error: unknown, count: number | undefined): void => {
      this.#count = Math.max(0, (count ?? 0) - this.#open.size - this.#surplus);
      const isEmpty = !forgetsCount && count !== undefined && count - this.#surplus <= 0;
      this.#emptyCounts = isEmpty && this.#isListening === false ? this.#emptyCounts + 1 : 0;
      onAnswer();
      if (this.hasClosed) this.#onChange();
    };
    // Bun answers at once. It would count a connection that is just being emitted, and which is not
    // known yet.
    queueMicrotask(() => {
      const isAsked = this.#attempt(name, (server) => server[name]?.(onCount) || true);
      if (!isAsked) onAnswer();
    });
  }

  #attempt<Result>(name: string, action: (server: Counting) => Result): Result | undefined {
    return attemptOf(this.#server, name, () => action(this.#server));
  }
}
