import type { EventEmitter } from 'node:events';
import { attemptOf, hear, unhear } from '../primitives/hear.ts';
import type { KnownServer } from '../protocols/known-server.ts';
import { setImmediate } from '../primitives/timers.ts';

const watches = new WeakMap<EventEmitter, LateListening>();

/**
 * Watches a server whose shutdown has begun: an application that is still starting may tell it to
 * listen. If the server had never listened, the watch goes on after the end, until `forget`.
 */
export class LateListening {
  readonly #server: EventEmitter;
  readonly #hadListened: boolean;
  readonly #onListening: () => void;
  #isLate: boolean;

  /**
   * @param hadListened - Whether the server listens, or has listened. If so, its owner may start it
   * anew after the shutdown.
   * @param onListening - Called whenever the server begins to listen.
   */
  constructor(server: EventEmitter, hadListened: boolean, onListening: () => void) {
    this.#server = server;
    this.#hadListened = hadListened;
    this.#isLate = watches.has(server);
    LateListening.forget(server);
    this.#onListening = () => {
      this.#isLate = true;
      onListening();
    };
    hear(server, 'listening', this.#onListening);
    watches.set(server, this);
  }

  /**
   * Ends the watch over a server, if there is one. Called when its owner drains or serves the server
   * anew.
   */
  static forget(server: EventEmitter): void {
    const watch = watches.get(server);
    if (watch) watch.#leave();
  }

  /**
   * Tells the watch that the shutdown is over.
   *
   * @param hadConnections - Whether the server had connections. If so, it had listened before the
   * watch began.
   */
  end(hadConnections: boolean): void {
    if (!this.#isLate && (this.#hadListened || hadConnections)) this.#leave();
  }

  #leave(): void {
    unhear(this.#server, 'listening', this.#onListening);
    watches.delete(this.#server);
  }
}

/** Closes a server that begins to listen, after its owner's own listeners for `'listening'`. */
export function closeLate(server: EventEmitter, known: KnownServer): void {
  setImmediate(() => {
    if (known.isListening()) attemptOf(server, 'close', () => known.close());
  });
}
