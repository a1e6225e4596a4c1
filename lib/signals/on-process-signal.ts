import { debuglog } from 'node:util';
import { endBySignal } from './end-by-signal.ts';
import { markAsOurs } from './other-listeners.ts';

const debug = debuglog('accept-loop');

/**
 * What a signal is to the one who hears it: the request to stop, a repetition of it, or a second
 * request, which is ignored or ends the process.
 */
export type SignalMeaning = 'stop' | 'repetition' | 'ignored' | 'end';

const processSignals = new Map<NodeJS.Signals, ProcessSignal>();

/**
 * Calls `callback` whenever the process is sent a signal. It does not keep the process alive.
 *
 * While anybody is subscribed the signal does not end the process, unless all who hear it call it
 * a second request and one of them says `'end'`.
 *
 * @returns What takes the callback back. With the last one the listener leaves, and the signal
 * kills again; while the signal is being dispatched, the listener leaves in the next tick.
 */
export function onProcessSignal(name: NodeJS.Signals, callback: () => SignalMeaning): () => void {
  const processSignal = processSignals.get(name) ?? new ProcessSignal(name);
  processSignals.set(name, processSignal);
  return processSignal.subscribe(callback);
}

/** One signal of the process, with one listener for all waits. */
class ProcessSignal {
  readonly #name: NodeJS.Signals;
  readonly #callbacks = new Set<() => SignalMeaning>();
  #isDispatching = false;

  constructor(name: NodeJS.Signals) {
    this.#name = name;
  }

  subscribe(callback: () => SignalMeaning): () => void {
    // Not only with the first: somebody may have called process.removeAllListeners().
    if (!process.listeners(this.#name).includes(this.#listener)) {
      // First of all: an earlier listener that throws would keep it from being called.
      process.prependListener(this.#name, this.#listener);
    }
    this.#callbacks.add(callback);
    return () => {
      this.#callbacks.delete(callback);
      this.#leaveIfUnused();
    };
  }

  readonly #listener = markAsOurs((): void => {
    this.#isDispatching = true;
    process.nextTick(() => {
      this.#isDispatching = false;
      this.#leaveIfUnused();
    });
    const meanings: SignalMeaning[] = [];
    // One that is added meanwhile does not hear this one.
    const present = [...this.#callbacks];
    for (const callback of present) {
      if (this.#callbacks.has(callback)) meanings.push(callback());
    }
    debug('%s was received: %s', this.#name, meanings.join(', '));
    const isHeard = meanings.includes('stop') || meanings.includes('repetition');
    if (!isHeard && meanings.includes('end')) endBySignal(this.#name, this.#listener);
  });

  /**
   * Not while others still hear the same signal: signal-exit, and whoever else kills the process if
   * nobody listens any more, would do so.
   */
  #leaveIfUnused(): void {
    if (this.#callbacks.size > 0 || this.#isDispatching) return;
    process.off(this.#name, this.#listener);
  }
}
