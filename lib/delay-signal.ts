import { after } from './primitives/after.ts';
import { disposableSignal } from './signals/disposable-signal.ts';
import { onAbort, reasonOf } from './primitives/on-abort.ts';
import { isAbortSignal, OptionCheck } from './primitives/option-check.ts';
import { quietController } from './primitives/quiet-controller.ts';
import { unref } from './primitives/timers.ts';

const check: OptionCheck = new OptionCheck('Cannot delay a signal');
const nothing = (): void => {};

/** A signal that aborts later than another one. After `[Symbol.dispose]()` it never aborts. */
export interface DelayedSignal extends AbortSignal, Disposable {}

/**
 * Returns a signal that aborts `milliseconds` after `signal`, with the same reason. In between, a
 * load balancer notices that readiness is off, while the server still accepts.
 *
 * The time counts from the abort of `signal`. If `signal` has aborted already, it counts from the
 * call. With 0, both abort at the same instant. With `Infinity`, or more than 24 days, the new
 * signal never aborts.
 *
 * There is one listener on `signal` while the new signal waits for it, and then one timer. The
 * timer does not keep the process alive. Both are gone when the new signal has aborted or is
 * disposed.
 *
 * @param signal - The signal to follow.
 * @param milliseconds - How much later the new signal aborts.
 * @returns The later signal, disposable.
 * @throws `TypeError` or `RangeError` for a bad argument, before anything is attached.
 *
 * @example
 * ```ts
 * const stop = shutdownSignal();
 * probes.on('request', (_, response) => response.writeHead(stop.aborted ? 503 : 200).end());
 * const signal = delaySignal(stop, 5000);
 * for await (const socket of acceptLoop(server, { signal })) {
 *   handle(socket).catch(() => socket.destroy());
 * }
 * ```
 */
export function delaySignal(signal: AbortSignal, milliseconds: number): DelayedSignal {
  if (!isAbortSignal(signal)) throw check.error(TypeError, 'signal', 'an AbortSignal', signal);
  check.duration('milliseconds', milliseconds);
  const controller = quietController();
  let timer: NodeJS.Timeout | undefined;
  const abort = (): void => controller.abort(reasonOf(signal));
  const begin = (): void => {
    if (milliseconds === 0) return abort();
    timer = after(milliseconds, abort);
    unref(timer);
  };
  let stopListening = nothing;
  if (signal.aborted) begin();
  else stopListening = onAbort(signal, begin);
  return disposableSignal(controller.signal, () => {
    stopListening();
    clearTimeout(timer);
  });
}
