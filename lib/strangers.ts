import type { EventEmitter } from 'node:events';
import type { OpenConnections } from './open-connections.ts';
import { unref } from './timers.ts';

/** How often the server is asked, in milliseconds. */
const CHECK_MS = 100;

/** Bun's servers say that they have no connections once the listener is closed. */
const isBun = 'bun' in process.versions;

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
export class Strangers {
  readonly #server: Counting;
  readonly #open: OpenConnections;
  #spares = (): boolean => true;
  #timer: NodeJS.Timeout | undefined;
  #count = 0;
  #first = 0;

  /** @param open - The connections that are known. */
  constructor(server: EventEmitter, open: OpenConnections) {
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
    this.#timer = setInterval(() => this.#check(), CHECK_MS);
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
    this.#server.closeAllConnections?.();
  }

  leave(): void {
    clearInterval(this.#timer);
  }

  /**
   * Node's own count is one too many as long as a process that was sent a socket has not answered
   * that it has none any more: from the close of the listener on.
   */
  get #surplus(): number {
    return this.#open.hasHandedOff && this.#server.listening === false ? 1 : 0;
  }

  #check(): void {
    if (isBun && !this.#server.listening) this.#endIdle();
    else this.#ask(() => this.#endIdle());
  }

  #endIdle(): void {
    if (this.#count > 0 && !this.#spares()) this.#server.closeIdleConnections?.();
  }

  #ask(onAnswer: () => void): void {
    if (this.#server.getConnections === undefined) return onAnswer();
    // Bun answers at once: one that is just being emitted would be counted, and is not known yet.
    queueMicrotask(() =>
      this.#server.getConnections?.((_error, count) => {
        this.#count = Math.max(0, (count ?? 0) - this.#open.size - this.#surplus);
        onAnswer();
      }),
    );
  }
}
