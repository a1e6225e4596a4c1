import { isCatchable } from './signals/catchable.ts';
import { disposableSignal } from './signals/disposable-signal.ts';
import { OptionCheck } from './primitives/option-check.ts';
import { ShutdownWait } from './signals/shutdown-wait.ts';
import { warnOfOtherListeners } from './signals/other-listeners.ts';

const check: OptionCheck = new OptionCheck('Cannot wait for a shutdown');

/** Sent by a key: Ctrl-C, Ctrl-\ and, on Windows, Ctrl-Break. A person presses it again. */
const keys: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGBREAK'];

export interface ShutdownSignalOptions {
  /** The signals of the operating system to wait for. Default: `SIGINT` and `SIGTERM`. */
  signals?: readonly NodeJS.Signals[] | undefined;
  /**
   * Those of `signals` that end the process at once when they come after the abort. Default:
   * `SIGINT`, and `SIGQUIT` and `SIGBREAK` where they are among `signals`. `[]` for none.
   */
  endOnSecond?: readonly NodeJS.Signals[] | undefined;
  /** Whether a process warning tells of other listeners for the same signal. Default `true`. */
  warnOfOthers?: boolean | undefined;
}

/** Aborted when the process is told to stop. `[Symbol.dispose]()` ends the waiting. */
export interface ShutdownSignal extends AbortSignal, Disposable {}

/**
 * Gives a signal that aborts when the process is told to stop: by the first of `signals`, or by the
 * IPC message `'shutdown'`. In a worker of a cluster it also aborts when the worker is told to
 * disconnect, which is noticed within 50 ms, and when the primary is gone: Node would end the worker
 * at once, and no longer does.
 *
 * The reason is an `AbortError` whose message says what has come: what ends by it, such as a timer
 * or a `taskGroup`, ends as cancelled and not as failed.
 *
 * **After the abort** the process may be draining, so the signals still do not kill it:
 *
 * - What comes within 250 ms repeats the first request, whatever the signal, and is ignored.
 * - After that, a second `SIGINT` ends the process at once, and a second `SIGTERM` is ignored.
 *   `endOnSecond` changes that.
 *
 * A process that is to end is killed by the signal. It exits with 128 + the signal's number where
 * that is impossible: as process 1 of a container, or while others listen for the same signal.
 *
 * **How it ends.** `[Symbol.dispose]()` takes all listeners off, and a signal kills again. The
 * AbortSignal then never aborts. Disposed while the signal is being dispatched, its listener leaves
 * in the next tick: other listeners may ask whether anybody else listens.
 *
 * **Other listeners** for the same signal, such as a framework's, may end the process before it is
 * drained. The first time that a signal comes to such a process, there is one process warning with
 * the code `ACCEPT_LOOP_OTHER_LISTENER`. The listeners of signal-exit do not count.
 *
 * **Who owns what.** Nothing of it keeps the process alive. There may be several, and all of them
 * abort; one that is made after the abort of another waits for the next request. Node keeps IPC
 * messages until somebody listens, and from this call on somebody does: add a listener of your own
 * for `'message'` in the same turn. Worker threads are told nothing: call it in the main thread.
 *
 * @param options - Which signals to wait for, and what the second one does.
 * @returns The signal, disposable.
 * @throws `TypeError` or `RangeError` for a bad or unknown option, an empty array of `signals` among
 * them, with nothing attached.
 *
 * @example
 * ```ts
 * const signal = shutdownSignal();
 * for await (const socket of acceptLoop(server, { signal })) void handle(socket);
 * console.log(signal.reason.message); // SIGTERM was received
 * ```
 */
export function shutdownSignal(options: ShutdownSignalOptions = {}): ShutdownSignal {
  checkOptions(options);
  const { signals = ['SIGINT', 'SIGTERM'], warnOfOthers = true } = options;
  checkSignals('signals', signals);
  if (signals.length === 0) {
    throw check.error(RangeError, 'signals', `${wanted}, one at least`, signals);
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
    throw check.error(TypeError, 'options', 'an object, as { signals: … } is', options);
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
