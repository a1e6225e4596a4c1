import { setMaxListeners } from 'node:events';

/**
 * Makes a signal disposable, so that `using` takes off what it waits for.
 *
 * @param signal - One of our own. A whole program may listen to it: Node 20 does not warn.
 * @param dispose - Needs no `this`, and may be called twice.
 * @returns That same signal.
 */
export function disposableSignal(
  signal: AbortSignal,
  dispose: () => void,
): AbortSignal & Disposable {
  setMaxListeners(0, signal);
  const property = { value: dispose, configurable: true, writable: true };
  return Object.defineProperty(signal, Symbol.dispose, property) as AbortSignal & Disposable;
}
