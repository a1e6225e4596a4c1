import { addAbortListener } from 'node:events';
import { attempt, attemptEach } from './attempt.ts';
import { warn } from './warn.ts';

const watched = new WeakMap<AbortSignal, Watch>();

interface Watch {
  readonly callbacks: Set<(reason: unknown) => void>;
  readonly listener: () => void;
}

/**
 * Calls `callback` once when `signal` aborts, with its reason.
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
 * @throws What `addEventListener()` of the signal throws.
 */
export function onAbort(signal: AbortSignal, callback: (reason: unknown) => void): () => void {
  const watch = watched.get(signal) ?? startWatching(signal);
  // A wrapper, so that the same function can be added twice.
  const entry = (reason: unknown): void => callback(reason);
  watch.callbacks.add(entry);
  return () => {
    if (!watch.callbacks.delete(entry) || watch.callbacks.size > 0) return;
    watched.delete(signal);
    // Not by the object that addAbortListener() returns: not every realm has the symbol of its
    // method.
    attempt(() => signal.removeEventListener('abort', watch.listener));
  };
}

function startWatching(signal: AbortSignal): Watch {
  const callbacks = new Set<(reason: unknown) => void>();
  const listener = (): void => {
    watched.delete(signal);
    const reason = reasonOf(signal);
    attemptEach(callbacks, (callback) => callback(reason));
    callbacks.clear();
  };
  addAbortListener(signal, listener);
  const watch = { callbacks, listener };
  watched.set(signal, watch);
  return watch;
}

/** Why a signal has aborted. If its getter throws, the error becomes a process warning. */
export function reasonOf(signal: AbortSignal): unknown {
  try {
    return signal.reason;
  } catch (error) {
    warn(error);
    return undefined;
  }
}
