import type { EventEmitter } from 'node:events';
import { Server } from 'node:net';

interface FakeConnection extends EventEmitter {
  onGone: () => void;
}

/**
 * A `net.Server` without a kernel: it listens, accepts and closes when it is told to, with the
 * events of the real one. `'close'` waits for the last connection.
 */
export class FakeServer extends Server {
  /** How often somebody has called `close()`. */
  closes = 0;
  readonly #open = new Set<EventEmitter>();
  #isListening = false;

  constructor() {
    super();
    // Node declares a property, so that an accessor cannot override it.
    Object.defineProperty(this, 'listening', { get: () => this.#isListening });
  }

  /** It is bound. */
  open(): void {
    this.#isListening = true;
    this.emit('listening');
  }

  /** Brings a connection, as `event` does: `'secureConnection'` is of one that was brought. */
  accept(connection: FakeConnection): void {
    this.#open.add(connection);
    connection.onGone = (): void => {
      this.#open.delete(connection);
      this.#emitCloseIfDrained();
    };
    this.emit('connection', connection);
  }

  override close(callback?: (error?: Error) => void): this {
    this.closes += 1;
    if (callback) this.once('close', callback);
    this.#isListening = false;
    this.#emitCloseIfDrained();
    return this;
  }

  override address(): ReturnType<Server['address']> {
    return this.#isListening ? { address: '127.0.0.1', family: 'IPv4', port: 80 } : null;
  }

  override getConnections(callback: (error: Error | null, count: number) => void): this {
    process.nextTick(() => callback(null, this.#open.size));
    return this;
  }

  #emitCloseIfDrained(): void {
    if (this.#isListening || this.#open.size > 0) return;
    process.nextTick(() => {
      if (!this.#isListening && this.#open.size === 0) this.emit('close');
    });
  }
}

/** The same of TLS: a connection is raw, and becomes another one after its handshake. */
export class FakeTlsServer extends FakeServer {
  addContext(): void {}
}
