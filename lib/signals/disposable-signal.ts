import { makeDisposable } from '../primitives/dispose-key.ts';

/**
 * Makes a signal disposable, so that `using` removes its listeners and timers.
 *
 * @param signal - A signal that this package has created.
 * @param dispose - Called without `this`, and possibly twice.
 * @returns The same `signal`.
 */
export function disposableSignal(
  signal: AbortSignal,
  dispose: () => void,
): AbortSignal & Disposable {
  makeDisposable(signal, 'dispose', dispose);
  return signal as AbortSignal & Disposable;
}
