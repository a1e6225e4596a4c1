import { forgetsCount } from '../primitives/runtime.ts';
import { COUNT_MS } from '../bounds.ts';
import type { EventEmitter } from 'node:events';
import { attemptOf } from '../primitives/hear.ts';
import type { Census } from './census.ts';
import { unref } from '../primitives/timers.ts';

/** What a server has for those whose sockets are not known: not a WebSocket server. */
interface Counting extends EventEmitter {
  readonly listening?: boolean;
  getConnections?(callback: (error: Error | null, count: number) => void): unknown;
  closeIdleConnections?(): void;
  closeAllConnections?(): void;
}

/**
 * The connections that a server had before anybody followed it. Only their number is known. Those
 * of HTTP/1 are ended by Node's own means when they are idle.
 */
export class EarlierConnections {
  readonly #server: Counting;
  readonly #open: Census;
  #spares = (): boolean => true;
  #timer: NodeJS.Timeout | undefined;
  #count = 0;
  #first = 0;

  /** @param open - The connections that are known. */
  constructor(server: EventEmitter, open: Census) {
    this.#server = server;
    this.#open = open;
  }

  /** How many there are, as far as is known. */
  get size(): number {
    return this.#count;
  }

  /** How many there were when the shutdown began. */
  get total(): number {
    return this.#first;
  }

  /** Counts them, from now on. */
  begin(onCounted: () => void): void {
    this.#ask(() => {
      this.#first = this.#count;
      onCounted();
    });
    this.#timer = setInterval(() => this.#check(), COUNT_MS);
    unref(this.#timer);
  }

  /**
   * From now on ends those that are idle.
   *
   * @param spares - Whether one that is known is idle and has still time: Node would end that, too.
   */
  endIdle(spares: () => boolean): void {
    this.#spares = spares;
  }

  /** Ends those of HTTP/1 by force. Of others Node has no list. */
  destroy(): void {
    // Whatever the count says: a runtime may not have counted one that is silent.
    this.#attempt('closeAllConnections', (server) => server.closeAllConnections?.());
  }

  leave(): void {
    clearInterval(this.#timer);
  }

  /**
   * Node's own count is one too many as long as a process that was sent a socket has not answered
   * that it has none any more: from the close of the listener on.
   */
  get #surplus(): number {
    return this.#open.hasHandedOff && this.#isListening === false ? 1 : 0;
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
      onAnswer();
    };
    // Bun answers at once: one that is just being emitted would be counted, and is not known yet.
    queueMicrotask(() => {
      const isAsked = this.#attempt(name, (server) => server[name]?.(onCount) || true);
      if (!isAsked) onAnswer();
    });
  }

  #attempt<Result>(name: string, action: (server: Counting) => Result): Result | undefined {
    return attemptOf(this.#server, name, () => action(this.#server));
  }
}
