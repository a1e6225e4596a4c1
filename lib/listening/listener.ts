import { LAST_CALL_MS } from '../bounds.ts';
import type { EventEmitter } from 'node:events';
import { guardPendingBind } from './guard-pending-bind.ts';
import type { KnownServer } from '../protocols/known-server.ts';
import { LastCall, type LastCallTerms } from './last-call.ts';
import { ListenerWatch } from './listener-watch.ts';
import { attemptOf } from '../primitives/hear.ts';

/** What a shutdown does while a listener goes from open to closed. */
export interface ListenerHost {
  /**
   * Called with each `'error'` of the server. Without it, these errors belong to the server's
   * owner.
   */
  readonly onError?: ((error: Error) => void) | undefined;
  /** Called once, when the listener is no longer `open`, unless `close()` comes first. */
  readonly onEnding: (reason: unknown) => void;
  /**
   * Called after `onEnding`.
   *
   * @returns How to take the last call, or `undefined` to close at once.
   */
  readonly onLastCall: () => LastCallTerms | undefined;
  /**
   * Called once, when the last call or other code has closed the listener, unless `close()` comes
   * first.
   *
   * @param deadline - Of `performance.now()`. What was accepted becomes a connection by then.
   */
  readonly onClosed: (deadline: number) => void;
  /** Called whenever the listener is found closed, also after `onClosed`. */
  readonly onFoundClosed?: (() => void) | undefined;
  /**
   * Whether a shutdown is wanted. If not, the listener does not end when its owner closes the
   * server.
   */
  readonly mayEnd?: () => boolean;
  /**
   * Whether the server had closed before. A `close()` would make it emit `'close'` a second time.
   */
  readonly hasSaidClose?: boolean;
}

/**
 * The listener of a server. One shutdown closes it, once:
 *
 * - `open`: it accepts.
 * - `last call`: it still accepts, until the kernel's queue is empty.
 * - `closed`: it accepts no more. Other code may have closed it.
 */
export class Listener {
  readonly #server: EventEmitter;
  readonly #known: KnownServer;
  readonly #host: ListenerHost;
  readonly #watch: ListenerWatch;
  #lastCall: LastCall | undefined;
  #state: 'open' | 'last call' | 'closed' = 'open';
  #isTold = false;
  #isStuck = false;

  constructor(server: EventEmitter, known: KnownServer, host: ListenerHost) {
    this.#server = server;
    this.#known = known;
    this.#host = host;
    this.#watch = new ListenerWatch(server, known, host.onError, () => this.#onFoundClosed());
  }

  get state(): 'open' | 'last call' | 'closed' {
    return this.#state;
  }

  get hasListened(): boolean {
    return this.#watch.hasListened;
  }

  /** Whether the server has emitted `'close'`: its last connection has gone. */
  get hasClosed(): boolean {
    return this.#watch.hasClosed;
  }

  /** Whether the server may have connections. */
  get isServerOpen(): boolean {
    return this.#watch.isServerOpen;
  }

  /** Whether `close()` of the server has thrown, or has not closed it: it may listen for ever. */
  get isStuck(): boolean {
    return this.#isStuck;
  }

  /** Accepts until the kernel's queue is empty, and then closes. */
  beginLastCall(reason: unknown): void {
    if (this.#state !== 'open') return;
    this.#state = 'last call';
    this.#host.onEnding(reason);
    // A user's code may have closed it, or have forced the end.
    if (this.#isClosed()) return;
    const terms = this.#host.onLastCall();
    if (this.#isClosed()) return;
    const onEmpty = (deadline: number): void => {
      this.close();
      this.#host.onClosed(deadline);
    };
    if (terms) this.#lastCall = new LastCall(terms, onEmpty);
    else onEmpty(performance.now() + LAST_CALL_MS);
  }

  /** Ends without a last call: other code has closed the server, or the server has failed. */
  foundClosed(reason: unknown): void {
    const { state } = this;
    if (state === 'closed') return;
    this.#setClosed();
    if (this.#known.isListening() !== false && !this.#known.closesLast) this.closeServer();
    if (state === 'open') this.#host.onEnding(reason);
    this.#host.onClosed(performance.now() + LAST_CALL_MS);
  }

  /**
   * Closes it, unless it is closed already. The host is not called. A bind that is under way is
   * cancelled. An emitter stays open until `closeServer()`, because its `close()` may end
   * connections.
   *
   * @returns Whether this call has closed it.
   */
  close(): boolean {
    if (this.#state === 'closed') return false;
    this.#state = 'closed';
    // This comes first. A client that comes between the look at the kernel's queue and here is
    // reset.
    if (!this.#known.closesLast) this.closeServer();
    this.#lastCall?.cancel();
    return true;
  }

  /**
   * Calls the server's `close()`, at most once, unless it has closed already. `close()` calls it
   * for all but emitters, which are closed last.
   */
  closeServer(): void {
    const listening = this.#known.isListening();
    const isClosed = listening === false && this.hasListened && !this.#known.host;
    if (this.#isTold || this.hasClosed || isClosed) return;
    if (this.#host.hasSaidClose && listening !== true) return;
    if (listening === false) guardPendingBind(this.#server);
    this.#isTold = true;
    this.#watch.keep();
    attemptOf(this.#server, 'close', () => {
      this.#isStuck = true;
      this.#known.close();
      // Its owner may have replaced it by a function that closes later, or never.
      this.#isStuck = !this.#known.closesLast && this.#known.isListening() === true;
    });
  }

  /** Stops following. */
  leave(): void {
    this.#setClosed();
    this.#watch.leave();
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #setClosed(): void {
    this.#state = 'closed';
    this.#lastCall?.cancel();
  }

  #onFoundClosed(): void {
    if (this.#host.mayEnd?.() !== false) {
      this.foundClosed(new DOMException('The server was closed', 'AbortError'));
    }
    this.#host.onFoundClosed?.();
  }
}
