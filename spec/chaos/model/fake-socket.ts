import { EventEmitter } from 'node:events';

// Made once: there are millions of histories.
export const resetError = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

export interface SocketTraits {
  /** Whether it has a reset: a Unix socket has none, and Node throws. */
  readonly hasReset: boolean;
  readonly allowHalfOpen: boolean;
}

/** As much of a `net.Socket` as a loop looks at, with what its client does. */
export class FakeSocket extends EventEmitter {
  readonly id: number;
  readonly remoteAddress = '127.0.0.1';
  readonly localAddress = '127.0.0.1';
  readonly localPort = 80;
  readonly remotePort: number;
  bytesRead = 0;
  destroyed = false;
  /** Whether it has said so. */
  isClosed = false;
  /** How often somebody has refused it. */
  refusals = 0;
  /** Its server's, when it is gone. */
  onGone = (): void => {};
  /** How many listeners for `'close'` are its owner's. */
  ownersListeners = 0;
  readonly #traits: SocketTraits;

  constructor(id: number, traits: SocketTraits, remotePort: number = 10_000 + id) {
    super();
    this.id = id;
    this.remotePort = remotePort;
    this.#traits = traits;
  }

  /** Its owner hears of its end before everybody else. */
  onClosing(callback: () => void): void {
    this.ownersListeners += 1;
    this.prependOnceListener('close', () => {
      this.ownersListeners -= 1;
      callback();
    });
  }

  /** Its client resets it. */
  reset(): void {
    this.#close(resetError);
  }

  /** Its client ends its side, with nothing said. */
  halfClose(): void {
    if (!this.#traits.allowHalfOpen) this.#close();
  }

  resetAndDestroy(): void {
    if (!this.#traits.hasReset) {
      throw Object.assign(new Error('no reset'), { code: 'ERR_INVALID_HANDLE_TYPE' });
    }
    this.destroy();
  }

  destroy(): void {
    this.refusals += 1;
    this.#close();
  }

  #close(error?: Error): void {
    if (this.destroyed) return;
    this.destroyed = true;
    process.nextTick(() => {
      if (error) this.emit('error', error);
      this.onGone();
      this.isClosed = true;
      this.emit('close', error !== undefined);
    });
  }
}
