import type { EventEmitter } from 'node:events';

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
  readonly #known: () => number;
  #spares = (): boolean => true;
  #timer: NodeJS.Timeout | undefined;
  #count = 0;
  #first = 0;

  /** @param known - How many connections are known. */
  constructor(server: EventEmitter, known: () => number) {
    this.#server = server;
    this.#known = known;
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
    this.#timer.unref();
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
    if (this.#count > 0) this.#server.closeAllConnections?.();
  }

  leave(): void {
    clearInterval(this.#timer);
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
        this.#count = Math.max(0, (count ?? 0) - this.#known());
        onAnswer();
      }),
    );
  }
}
