import { constants } from 'node:os';

/**
 * Ends the process at once, as a signal does to which nobody listens: killed by that signal, so
 * that a shell sees that it was Ctrl-C. Where that is impossible, it exits with 128 + the number of
 * the signal.
 *
 * @param listener - Ours, which is taken off.
 */
export function endBySignal(name: NodeJS.Signals, listener: () => void): void {
  process.off(name, listener);
  // From process 1 of a container the kernel takes the default action. Where others listen they
  // would be called in its place; what they do at 'exit' is done, too, such as signal-exit's
  // removal of lock files.
  const isKilled = process.pid !== 1 && process.listenerCount(name) === 0;
  if (isKilled) process.kill(process.pid, name);
  process.exit(128 + constants.signals[name]);
}
