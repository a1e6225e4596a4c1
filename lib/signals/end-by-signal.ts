import { constants } from 'node:os';

/** Their default action stops the process until it is continued. */
const suspending: ReadonlySet<string> = new Set(['SIGTSTP', 'SIGTTIN', 'SIGTTOU']);

/**
 * Ends the process at once, as a signal without a listener does. The process is killed by that
 * signal, so a shell sees Ctrl-C. Where that is impossible, the process exits with 128 + the number
 * of the signal.
 *
 * @param listener - The listener of this package, which is removed.
 */
export function endBySignal(name: NodeJS.Signals, listener: () => void): void {
  process.off(name, listener);
  // For process 1 of a container, the kernel does not take the default action. If there are other
  // listeners, the signal would call them and not kill. process.exit() also runs the listeners for
  // 'exit', such as signal-exit's, which removes lock files.
  const isKilled = process.pid !== 1 && process.listenerCount(name) === 0;
  if (isKilled && !suspending.has(name)) process.kill(process.pid, name);
  process.exit(128 + constants.signals[name]);
}
