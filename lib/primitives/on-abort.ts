import { addAbortListener } from 'node:events';
import { attemptEach } from './attempt.ts';

const watched = new WeakMap<AbortSignal, Watch>();

interface Watch {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

/**
 * Calls `callback` once when `signal` aborts.
 *
 * All callbacks for one signal share a single listener. Node 20 warns at the eleventh listener, and
 * to add and remove one among thousands takes microseconds. The callbacks run even if another
 * listener calls `stopImmediatePropagation()` (not on Deno, see docs/runtimes.md).
 *
 * @param signal - Must not have aborted yet.
 * @param callback - May run a user's own code. If it throws, the error becomes a process warning,
 * and the other callbacks are called.
 * @returns A function that removes the callback. With the last callback, the listener is removed
 * from the signal.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const watch = watched.get(signal) ?? startWatching(signal);
  // A wrapper, so that the same function can be added twice.
  const entry = (): void => callback();
  watch.callbacks.add(entry);
  return () => {
    if (!watch.callbacks.delete(entry) || watch.callbacks.size > 0) return;
    watched.delete(signal);
    // Not by the object that addAbortListener() returns: not every realm has the symbol of its
    // method.
    signal.removeEventListener('abort', watch.listener);
  };
}

function startWatching(signal: AbortSignal): Watch {
  const callbacks = new Set<() => void>();
  const listener = (): void => {
    watched.delete(signal);
    attemptEach(callbacks, (callback) => callback());
    callbacks.clear();
  };
  addAbortListener(signal, listener);
  const watch = { callbacks, listener };
  watched.set(signal, watch);
  return watch;
}
