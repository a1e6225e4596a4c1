import { LISTENING_CHECK_MS } from '../bounds.ts';
import type { EventEmitter } from 'node:events';
import type { KnownServer } from '../protocols/known-server.ts';
import { attemptOf, hear, unhear } from '../primitives/hear.ts';
import { unref } from '../primitives/timers.ts';

const nothing = (): void => {};

/** Follows the listener of a server. It does not keep the process alive. */
export class ListenerWatch {
  readonly #server: EventEmitter;
  readonly #known: KnownServer;
  readonly #onError: ((error: Error) => void) | undefined;
  readonly #onClosed: () => void;
  readonly #timer: NodeJS.Timeout;
  readonly #stopEndingHandshakes: () => void;
  #hasListened = false;
  #hasClosed = false;

  /**
   * @param onError - Called with each `'error'` of the server. Without it, these errors belong to
   * the server's owner, and so do failed handshakes.
   * @param onClosed - Called whenever the listener is found closed.
   */
  constructor(
    server: EventEmitter,
    known: KnownServer,
    onError: ((error: Error) => void) | undefined,
    onClosed: () => void,
  ) {
    this.#server = server;
    this.#known = known;
    this.#onError = onError;
    this.#onClosed = onClosed;
    if (onError) hear(server, 'error', onError);
    this.#stopEndingHandshakes = (onError && known.endFailedHandshakes?.()) ?? nothing;
    hear(server, 'close', this.#onClose);
    hear(server, 'listening', this.#check);
    this.#timer = setInterval(this.#check, LISTENING_CHECK_MS);
    unref(this.#timer);
    this.#hasListened = known.isListening() === true;
  }

  get hasListened(): boolean {
    return this.#hasListened;
  }

  /** Whether the server has emitted `'close'`: its last connection has gone. */
  get hasClosed(): boolean {
    return this.#hasClosed;
  }

  /** Whether the server may have connections. */
  get isServerOpen(): boolean {
    return this.#hasListened && !this.#hasClosed;
  }

  /** Adds the listener for `'close'` again, if other code has removed all of the server's. */
  keep(): void {
    const server: Partial<EventEmitter> = this.#server;
    const has = attemptOf(server, 'listeners', () =>
      server.listeners?.('close').includes(this.#onClose),
    );
    if (has === false) hear(this.#server, 'close', this.#onClose);
  }

  /** Stops following. */
  leave(): void {
    clearInterval(this.#timer);
    this.#stopEndingHandshakes();
    if (this.#onError) unhear(this.#server, 'error', this.#onError);
    unhear(this.#server, 'close', this.#onClose);
    unhear(this.#server, 'listening', this.#check);
  }

  readonly #onClose = (): void => {
    // 'close' comes a tick late, and may belong to an earlier listener.
    if (this.#known.isListening() === true) return;
    this.#hasClosed = true;
    this.#onClosed();
  };

  readonly #check = (): void => {
    const listening = this.#known.isListening();
    if (listening === true) this.#hasListened = true;
    else if (listening === false && this.#hasListened) this.#onClosed();
  };
}
