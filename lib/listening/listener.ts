import { LISTENING_CHECK_MS } from '../bounds.ts';
import type { EventEmitter } from 'node:events';
import type { Http2Session } from 'node:http2';
import { endFailedHandshakes } from '../protocols/tls.ts';
import { guardPendingBind } from './guard-pending-bind.ts';
import type { ServerKind } from '../protocols/recognise.ts';
import { attemptOf, hear, unhear } from '../primitives/hear.ts';
import { unref } from '../primitives/timers.ts';

const nothing = (): void => {};

/** Follows the listener of a server, and closes it once. Holds no process open. */
export class Listener {
  readonly #server: EventEmitter;
  readonly #kind: ServerKind;
  readonly #onError: ((error: Error) => void) | undefined;
  readonly #onClosed: () => void;
  readonly #timer: NodeJS.Timeout;
  readonly #stopEndingHandshakes: () => void;
  #hasListened = false;
  #hasClosed = false;
  #isStuck = false;

  /**
   * @param onError - Called with each `'error'` of the server. Without it they are its owner's, and
   * so are handshakes that have failed.
   * @param onClosed - Called whenever the listener is found closed.
   */
  constructor(
    server: EventEmitter,
    kind: ServerKind,
    onError: ((error: Error) => void) | undefined,
    onClosed: () => void,
  ) {
    this.#server = server;
    this.#kind = kind;
    this.#onError = onError;
    this.#onClosed = onClosed;
    if (onError) hear(server, 'error', onError);
    this.#stopEndingHandshakes = onError ? endFailedHandshakes(server, kind) : nothing;
    hear(server, 'close', this.#onClose);
    hear(server, 'listening', this.#check);
    this.#timer = setInterval(this.#check, LISTENING_CHECK_MS);
    unref(this.#timer);
    this.#hasListened = kind.isListening() === true;
  }

  get hasListened(): boolean {
    return this.#hasListened;
  }

  /** Whether the server has emitted `'close'`: the last connection has gone. */
  get hasClosed(): boolean {
    return this.#hasClosed;
  }

  /** Whether it may have connections. */
  get isServerOpen(): boolean {
    return this.#hasListened && !this.#hasClosed;
  }

  /** Whether its `close()` has thrown: it may listen for good. */
  get isStuck(): boolean {
    return this.#isStuck;
  }

  /** Stops following. */
  leave(): void {
    clearInterval(this.#timer);
    this.#stopEndingHandshakes();
    if (this.#onError) unhear(this.#server, 'error', this.#onError);
    unhear(this.#server, 'close', this.#onClose);
    unhear(this.#server, 'listening', this.#check);
  }

  /**
   * Closes the listener, unless somebody has. A bind that is under way is cancelled.
   *
   * @param sessions - The HTTP/2 sessions that are to stay open.
   */
  close(sessions: Iterable<Http2Session> = []): void {
    const listening = this.#kind.isListening();
    if (this.#hasClosed || (listening === false && this.#hasListened)) return;
    if (listening === false) guardPendingBind(this.#server);
    attemptOf(this.#server, 'close', () => {
      this.#isStuck = true;
      this.#kind.close(sessions);
      this.#isStuck = false;
    });
  }

  readonly #onClose = (): void => {
    // It comes a tick late, and may be of a listener before this one.
    if (this.#kind.isListening() === true) return;
    this.#hasClosed = true;
    this.#onClosed();
  };

  readonly #check = (): void => {
    const listening = this.#kind.isListening();
    if (listening === true) this.#hasListened = true;
    else if (listening === false && this.#hasListened) this.#onClosed();
  };
}
