import { constants } from 'node:os';
import { disposableSignal } from './disposable-signal.ts';
import { onIpcMessage } from './on-ipc-message.ts';
import { onProcessSignal } from './on-process-signal.ts';
import { onWorkerDisconnect } from './on-worker-disconnect.ts';
import { OptionCheck } from './option-check.ts';

const check: OptionCheck = new OptionCheck('Cannot wait for a shutdown');

/** What process managers send over IPC where there are no signals: pm2, for one. */
const MESSAGE = 'shutdown';

/**
 * The kernel lets nobody catch the first two; after the next four no JavaScript can be relied on.
 * SIGPIPE is one that Node ignores from its start, and that kills once a listener was taken off.
 */
const uncatchable: ReadonlySet<string> = new Set([
  'SIGKILL',
  'SIGSTOP',
  'SIGBUS',
  'SIGFPE',
  'SIGILL',
  'SIGSEGV',
  'SIGPIPE',
]);

export interface ShutdownSignalOptions {
  /** The signals of the operating system to wait for. Default: `SIGINT` and `SIGTERM`. */
  signals?: readonly NodeJS.Signals[] | undefined;
}

/** Aborted when the process is told to stop. `[Symbol.dispose]()` ends the waiting. */
export interface ShutdownSignal extends AbortSignal, Disposable {}

/**
 * Gives a signal that aborts when the process is told to stop: by the first of `signals`, by the
 * IPC message `'shutdown'`, or, in a worker of a cluster, by being told to disconnect, which is
 * noticed within 50 ms.
 *
 * **How it ends.** With the abort everything that waited is taken off, so a second signal kills the
 * process, as if nobody listened. One exception: npm passes on the Ctrl-C that the terminal has
 * sent to the program as well, so while standard input is a terminal a repetition of the same
 * signal within 100 ms is the same key press. `[Symbol.dispose]()` takes everything off, too; the
 * signal then never aborts.
 *
 * The reason is an `AbortError` whose message says what has come: what ends by it, such as a timer
 * or a `taskGroup`, ends as cancelled and not as failed.
 *
 * **Who owns what.** Nothing of it keeps the process alive. There may be several, and all of them
 * abort. Node keeps IPC messages until somebody listens, and from this call on somebody does: a
 * listener of your own for `'message'` is to be added in the same turn. Worker threads are told
 * nothing: call it in the main thread.
 *
 * @param options - Which signals of the operating system to wait for.
 * @returns The signal, disposable.
 * @throws `TypeError` or `RangeError` for a bad option, an empty array among them, with nothing
 * attached.
 *
 * @example
 * ```ts
 * const signal = shutdownSignal();
 * for await (const socket of acceptLoop(server, { signal })) void handle(socket);
 * console.log(signal.reason.message); // SIGTERM was received
 * ```
 */
export function shutdownSignal(options: ShutdownSignalOptions = {}): ShutdownSignal {
  check.object('options', options);
  const { signals = ['SIGINT', 'SIGTERM'] } = options;
  checkSignals(signals);
  const controller = new AbortController();
  const waits: (() => void)[] = [];
  const dispose = (): void => {
    for (const stopWaiting of waits) stopWaiting();
  };
  const abort = (message: string): void => {
    dispose();
    controller.abort(new DOMException(message, 'AbortError'));
  };
  for (const name of new Set(signals)) {
    waits.push(onProcessSignal(name, () => abort(`${name} was received`)));
  }
  const onMessage = (message: unknown): void => {
    if (message === MESSAGE) abort(`The message '${MESSAGE}' was received`);
  };
  waits.push(onIpcMessage(onMessage));
  waits.push(onWorkerDisconnect(() => abort('The cluster worker was told to disconnect')));
  return disposableSignal(controller.signal, dispose);
}

function checkSignals(signals: unknown): asserts signals is readonly NodeJS.Signals[] {
  const wanted = 'an array of signals that a process can catch';
  if (!Array.isArray(signals)) throw check.error(TypeError, 'signals', wanted, signals);
  if (signals.length === 0) {
    throw check.error(RangeError, 'signals', `${wanted}, one at least`, signals);
  }
  for (const name of signals as unknown[]) {
    if (typeof name !== 'string') throw check.error(TypeError, 'signals', wanted, signals);
    if (Object.hasOwn(constants.signals, name) && !uncatchable.has(name)) continue;
    throw check.error(RangeError, 'signals', wanted, signals);
  }
}
