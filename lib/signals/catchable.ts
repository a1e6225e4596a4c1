import { constants } from 'node:os';

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

/** Whether it is the name of a signal that a process can catch. */
export function isCatchable(name: string): name is NodeJS.Signals {
  return Object.hasOwn(constants.signals, name) && !uncatchable.has(name);
}
