import { isCatchable } from './signals/catchable.ts';
import { disposableSignal } from './signals/disposable-signal.ts';
import { OptionCheck } from './primitives/option-check.ts';
import { ShutdownWait } from './signals/shutdown-wait.ts';
import { warnOfOtherListeners } from './signals/other-listeners.ts';

const check: OptionCheck = new OptionCheck('Cannot wait for a shutdown');

/**
 * The signals of a key: Ctrl-C, Ctrl-\ and, on Windows, Ctrl-Break. A person who presses it again
 * wants the process to end at once.
 */
const keys: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGBREAK'];

export interface ShutdownSignalOptions {
  /**
   * The signals of the operating system to wait for, at least one. Default: `SIGINT` and `SIGTERM`.
   */
  signals?: readonly NodeJS.Signals[] | undefined;
  /**
   * The signals, of `signals`, that end the process at once if they come later than 250 ms after
   * the first request to stop. `[]` means none. Default: `SIGINT`, `SIGQUIT` and `SIGBREAK`, if
   * they are in `signals`.
   */
  endOnSecond?: readonly NodeJS.Signals[] | undefined;
  /** Whether a process warning reports other listeners for the same signal. Default `true`. */
  warnOfOthers?: boolean | undefined;
}

/** Aborts when the process is told to stop. After `[Symbol.dispose]()` it never aborts. */
export interface ShutdownSignal extends AbortSignal, Disposable {}

/**
 * Returns an `AbortSignal` that aborts when the process is told to stop:
 *
 * - by the first of `signals`;
 * - by the IPC message `'shutdown'`;
 * - in a worker of a cluster: by the request to disconnect, which is noticed within 50 ms, and by
 *   the end of the primary. By default Node ends the worker then. After this call it does not.
 *
 * The reason is an `AbortError` whose message says what has come. So a timer or a `taskGroup` that
 * ends by it counts as cancelled, not as failed.
 *
 * **After the abort,** the process may be draining, so the signals still do not kill it:
 *
 * - Any request within 250 ms, by signal or message, repeats the first one and is ignored.
 * - After that, a second `SIGINT` ends the process at once, and a second `SIGTERM` is ignored.
 *   `endOnSecond` changes that.
 *
 * A process that has to end is killed by the signal. In two cases it exits with 128 + the signal's
 * number instead: as process 1 of a container, and if the same signal has other listeners.
 *
 * **How it ends.** `[Symbol.dispose]()` removes all listeners. After that, the `AbortSignal` never
 * aborts, and a signal kills the process again. If it is disposed while the signal is being
 * dispatched to other listeners, too, its listener is removed in the next tick. Until then, the
 * others see that they are not alone.
 *
 * **Other listeners** for the same signal, such as a framework's, may end the process before it is
 * drained. If there are any when the first signal comes, a process warning says so, once. Its code
 * is `ACCEPT_LOOP_OTHER_LISTENER`. Listeners of signal-exit do not count.
 *
 * **Who owns what.**
 *
 * - Nothing of it keeps the process alive.
 * - You may call it several times. All of the results abort. A result that is made after the abort
 *   of another one waits for the next request.
 * - Node keeps IPC messages until there is a listener, and this call adds one. So add your own
 *   listener for `'message'` in the same turn.
 * - Worker threads receive no signals, except on Deno. Call it in the main thread.
 *
 * @param options - Which signals to wait for, and what a second signal does.
 * @returns The signal, disposable.
 * @throws `TypeError` or `RangeError` for a bad or unknown option, such as an empty array
 * `signals`, before anything is attached.
 *
 * @example
 * ```ts
 * const signal = shutdownSignal();
 * for await (const socket of acceptLoop(server, { signal })) {
 *   handle(socket).catch(() => socket.destroy());
 * }
 * console.log(signal.reason.message); // SIGTERM was received
 * ```
 */
export function shutdownSignal(options: ShutdownSignalOptions = {}): ShutdownSignal {
  checkOptions(options);
  const { signals = ['SIGINT', 'SIGTERM'], warnOfOthers = true } = options;
  checkSignals('signals', signals);
  if (signals.length === 0) {
    throw check.error(RangeError, 'signals', `${wanted}, at least one`, signals);
  }
  const { endOnSecond = keys.filter((name) => signals.includes(name)) } = options;
  checkSignals('endOnSecond', endOnSecond);
  if (!endOnSecond.every((name) => signals.includes(name))) {
    throw check.error(RangeError, 'endOnSecond', 'an array of some of "signals"', endOnSecond);
  }
  if (typeof warnOfOthers !== 'boolean') {
    throw check.error(TypeError, 'warnOfOthers', 'a boolean', warnOfOthers);
  }
  const onFirst = (name: NodeJS.Signals): boolean => {
    if (warnOfOthers) warnOfOtherListeners(name);
    return true;
  };
  const wait = new ShutdownWait({ signals, endOnSecond, onFirst, hearsMessages: true });
  return disposableSignal(wait.signal, wait.dispose);
}

function checkOptions(options: unknown): asserts options is ShutdownSignalOptions {
  check.object('options', options);
  if (Array.isArray(options)) {
    throw check.error(TypeError, 'options', 'an object such as { signals: … }', options);
  }
  check.known(['signals', 'endOnSecond', 'warnOfOthers'], options);
}

const wanted = 'an array of signals that a process can catch';

function checkSignals(option: string, signals: unknown): void {
  if (!Array.isArray(signals)) throw check.error(TypeError, option, wanted, signals);
  for (const name of signals as unknown[]) {
    if (typeof name !== 'string') throw check.error(TypeError, option, wanted, signals);
    if (isCatchable(name)) continue;
    throw check.error(RangeError, option, wanted, signals);
  }
}
