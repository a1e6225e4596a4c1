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
 * However many callbacks wait on one signal, it carries a single listener: Node 20 warns at the
 * eleventh, and adding and removing one among thousands costs microseconds. Another listener's
 * `stopImmediatePropagation()` does not keep it from running (not on Deno, see docs/runtimes.md).
 *
 * @param signal - One that has not aborted yet.
 * @param callback - May call what is somebody's own. One that throws is warned of, and the others are
 * called.
 * @returns What takes the callback back. With the last one the listener leaves the signal.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const watch = watched.get(signal) ?? startWatching(signal);
  // A wrapper, so that one function may wait twice.
  const entry = (): void => callback();
  watch.callbacks.add(entry);
  return () => {
    if (!watch.callbacks.delete(entry) || watch.callbacks.size > 0) return;
    watched.delete(signal);
    // What `addAbortListener` returns has a symbol for that which not every realm has.
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
