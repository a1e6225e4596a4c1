import { constants } from 'node:os';

/**
 * The kernel lets no process catch the first two. After one of the next four, JavaScript cannot be
 * relied on. Node ignores SIGPIPE from its start, and after a listener for it was removed it kills.
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

/** Whether `name` is the name of a signal that a process can catch. */
export function isCatchable(name: string): name is NodeJS.Signals {
  return Object.hasOwn(constants.signals, name) && !uncatchable.has(name);
}
