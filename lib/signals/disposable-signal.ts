import { makeDisposable } from '../primitives/dispose-key.ts';

/**
 * Makes a signal disposable, so that `using` takes off what it waits for.
 *
 * @param signal - One of our own.
 * @param dispose - Needs no `this`, and may be called twice.
 * @returns That same signal.
 */
export function disposableSignal(
  signal: AbortSignal,
  dispose: () => void,
): AbortSignal & Disposable {
  makeDisposable(signal, 'dispose', dispose);
  return signal as AbortSignal & Disposable;
}
