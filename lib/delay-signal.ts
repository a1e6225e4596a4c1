import { after } from './primitives/after.ts';
import { disposableSignal } from './signals/disposable-signal.ts';
import { onAbort } from './primitives/on-abort.ts';
import { isAbortSignal, OptionCheck } from './primitives/option-check.ts';
import { quietController } from './primitives/quiet-controller.ts';
import { unref } from './primitives/timers.ts';

const check: OptionCheck = new OptionCheck('Cannot delay a signal');
const nothing = (): void => {};

/** A signal that follows another one later. `[Symbol.dispose]()` ends that: it never aborts. */
export interface DelayedSignal extends AbortSignal, Disposable {}

/**
 * Gives a signal that aborts a time after another one: the time in which a load balancer notices
 * that readiness is off, while the server still accepts.
 *
 * The time counts from the abort of `signal`, or from the call where it has aborted already. With 0
 * it aborts in the same instant, with `Infinity`, or more than 24 days, never. It has the reason of
 * `signal`, untouched.
 *
 * While it waits there is one listener on `signal`, then one timer, which does not keep the process
 * alive. Both are gone after its abort, and when it is disposed.
 *
 * @param signal - The one that it follows.
 * @param milliseconds - How much later.
 * @returns The later signal, disposable.
 * @throws `TypeError` or `RangeError` for a bad argument, with nothing attached.
 *
 * @example
 * ```ts
 * const stop = shutdownSignal();
 * probes.on('request', (_, response) => response.writeHead(stop.aborted ? 503 : 200).end());
 * const signal = delaySignal(stop, 5000);
 * for await (const socket of acceptLoop(server, { signal })) void handle(socket);
 * ```
 */
export function delaySignal(signal: AbortSignal, milliseconds: number): DelayedSignal {
  if (!isAbortSignal(signal)) throw check.error(TypeError, 'signal', 'an AbortSignal', signal);
  check.duration('milliseconds', milliseconds);
  const controller = quietController();
  let timer: NodeJS.Timeout | undefined;
  const abort = (): void => controller.abort(signal.reason);
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
