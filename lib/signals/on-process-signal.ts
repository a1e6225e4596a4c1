import { debug } from '../primitives/debug.ts';
import { endBySignal } from './end-by-signal.ts';
import { countListeners, markAsOurs } from './other-listeners.ts';

/**
 * What a signal means to a subscriber: the request to stop, a repetition of that request, or a
 * second request. A second request is ignored or ends the process. A subscriber that has just
 * unsubscribed may leave the signal to the listeners of other code.
 */
export type SignalMeaning = 'stop' | 'repetition' | 'ignored' | 'end' | 'left to others';

const processSignals = new Map<NodeJS.Signals, ProcessSignal>();

/**
 * Calls `callback` whenever the process receives the signal. It does not keep the process alive.
 *
 * While there is a subscriber, the signal does not end the process. There is one exception: every
 * subscriber takes the signal for a second request, and at least one of them returns `'end'`.
 *
 * @returns A function that unsubscribes. With the last subscriber the listener is removed, and the
 * signal kills again. While the signal is being dispatched to other listeners, too, the listener is
 * removed in the next tick, unless the subscriber returns `'left to others'`.
 */
export function onProcessSignal(name: NodeJS.Signals, callback: () => SignalMeaning): () => void {
  const processSignal = processSignals.get(name) ?? new ProcessSignal(name);
  processSignals.set(name, processSignal);
  return processSignal.subscribe(callback);
}

/** One signal of the process, with a single listener for all subscribers. */
class ProcessSignal {
  readonly #name: NodeJS.Signals;
  readonly #callbacks = new Set<() => SignalMeaning>();
  #isDispatching = false;

  constructor(name: NodeJS.Signals) {
    this.#name = name;
  }

  subscribe(callback: () => SignalMeaning): () => void {
    // Not only for the first subscriber: process.removeAllListeners() may have been called.
    if (!process.listeners(this.#name).includes(this.#listener)) {
      // As the first listener: if an earlier one threw, this one would not be called.
      process.prependListener(this.#name, this.#listener);
    }
    this.#callbacks.add(callback);
    return () => {
      this.#callbacks.delete(callback);
      this.#leaveIfUnused();
    };
  }

  readonly #listener = markAsOurs((): void => {
    if (this.#isDispatching && this.#callbacks.size === 0) return this.#raiseAgain();
    this.#isDispatching = true;
    process.nextTick(() => {
      this.#isDispatching = false;
      this.#leaveIfUnused();
    });
    const meanings: SignalMeaning[] = [];
    // A callback that is added during this loop is not called for this signal.
    const present = [...this.#callbacks];
    for (const callback of present) {
      if (this.#callbacks.has(callback)) meanings.push(callback());
    }
    debug('%s was received: %s', this.#name, meanings.join(', '));
    // At once: if another listener raises the signal again in this dispatch, the signal has to kill.
    if (meanings.includes('left to others')) this.#leave();
    const isHeard = meanings.includes('stop') || meanings.includes('repetition');
    if (!isHeard && meanings.includes('end')) endBySignal(this.#name, this.#listener);
  });

  /**
   * Removes the listener, but not while the signal is being dispatched to other listeners.
   * signal-exit and similar code kill the process if they find no other listener.
   */
  #leaveIfUnused(): void {
    // Without other listeners, the subscriber may raise the signal again, which has to kill.
    if (this.#isDispatching && process.listenerCount(this.#name) > 1) return;
    this.#leave();
  }

  /**
   * Deno dispatches a signal that the last subscriber has raised before the next tick, when the
   * listener is still there. Listeners of signal-exit have not ended the process for that.
   */
  #raiseAgain(): void {
    this.#leave();
    if (countListeners(this.#name) === 0) process.kill(process.pid, this.#name);
  }

  #leave(): void {
    if (this.#callbacks.size === 0) process.off(this.#name, this.#listener);
  }
}
