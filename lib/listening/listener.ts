import { LAST_CALL_MS } from '../bounds.ts';
import type { EventEmitter } from 'node:events';
import { guardPendingBind } from './guard-pending-bind.ts';
import type { KnownServer } from '../protocols/known-server.ts';
import { LastCall, type LastCallTerms } from './last-call.ts';
import { ListenerWatch } from './listener-watch.ts';
import { attemptOf } from '../primitives/hear.ts';

/** What a shutdown does on the way of a listener from open to closed. */
export interface ListenerHost {
  /** Called with each `'error'` of the server. Without it they are its owner's. */
  readonly onError?: ((error: Error) => void) | undefined;
  /** The listener is no longer open. Called once, unless `close()` comes first. */
  readonly onEnding: (reason: unknown) => void;
  /** Called after `onEnding`. @returns How the last call is taken; `undefined` to close at once. */
  readonly onLastCall: () => LastCallTerms | undefined;
  /**
   * The listener is closed, by the last call or by somebody else. Called once, unless `close()`
   * comes first.
   *
   * @param deadline - Of `performance.now()`. What was accepted becomes a connection by then.
   */
  readonly onClosed: (deadline: number) => void;
  /** Called whenever the listener is found closed, also after that. */
  readonly onFoundClosed?: (() => void) | undefined;
  /** Whether a shutdown is wanted. Without one, an owner's `close()` ends nothing of ours. */
  readonly mayEnd?: () => boolean;
  /** Whether the server has closed before. It would say `'close'` a second time. */
  readonly hasSaidClose?: boolean;
}

/**
 * The listener of a server, which one shutdown closes, once:
 *
 * - `open`: it accepts.
 * - `last call`: it still accepts, until the kernel's queue is empty.
 * - `closed`: it accepts no more. It may have been somebody else who closed it.
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

  /** Whether the server has emitted `'close'`: the last connection has gone. */
  get hasClosed(): boolean {
    return this.#watch.hasClosed;
  }

  /** Whether the server may have connections. */
  get isServerOpen(): boolean {
    return this.#watch.isServerOpen;
  }

  /** Whether `close()` of the server has thrown: it may listen for good. */
  get isStuck(): boolean {
    return this.#isStuck;
  }

  /** Goes on accepting until nobody waits in the kernel's queue, and closes. */
  beginLastCall(reason: unknown): void {
    if (this.#state !== 'open') return;
    this.#state = 'last call';
    this.#host.onEnding(reason);
    // A user's code may have closed it, or have forced the end.
    if (this.#isClosed()) return;
    const terms = this.#host.onLastCall();
    if (this.#isClosed()) return;
    const onEmpty = (deadline: number): void => {
      if (this.close()) this.#host.onClosed(deadline);
    };
    if (terms) this.#lastCall = new LastCall(terms, onEmpty);
    else onEmpty(performance.now() + LAST_CALL_MS);
  }

  /** Ends without a last call: somebody has closed it, or the server has failed. */
  foundClosed(reason: unknown): void {
    const { state } = this;
    if (state === 'closed') return;
    this.#setClosed();
    if (this.#known.isListening() !== false && !this.#known.closesLast) this.closeServer();
    if (state === 'open') this.#host.onEnding(reason);
    this.#host.onClosed(performance.now() + LAST_CALL_MS);
  }

  /**
   * Closes it, unless somebody has. Tells the host of nothing. A bind that is under way is
   * cancelled. That of an emitter stays open until `closeLast()`: it may end what it has brought.
   *
   * @returns Whether it was not closed before.
   */
  close(): boolean {
    if (this.#state === 'closed') return false;
    this.#state = 'closed';
    // First of all: every microsecond from the look at the kernel's queue to here is one too many.
    if (!this.#known.closesLast) this.closeServer();
    this.#lastCall?.cancel();
    return true;
  }

  /** Has the server close, once: an emitter; or one that is attached to another, whose listener it uses. */
  closeServer(): void {
    const listening = this.#known.isListening();
    const isClosed = listening === false && this.hasListened && !this.#known.host;
    if (this.#isTold || this.hasClosed || isClosed) return;
    if (this.#host.hasSaidClose && listening !== true) return;
    if (listening === false) guardPendingBind(this.#server);
    this.#isTold = true;
    attemptOf(this.#server, 'close', () => {
      this.#isStuck = true;
      this.#known.close();
      this.#isStuck = false;
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
