import { debuglog } from 'node:util';
import { standardError } from './standard-error.ts';

const log = debuglog('accept-loop');

/** Whether `NODE_DEBUG` names this package. Bun does not tell: there, whether it names anything. */
export function isDebugged(): boolean {
  const { enabled }: { enabled?: boolean } = log;
  return enabled ?? Boolean(process.env['NODE_DEBUG']);
}

/** Prints a line on standard error if `NODE_DEBUG` names this package. */
export function debug(message: string, ...values: unknown[]): void {
  if (!isDebugged()) return;
  standardError();
  log(message, ...values);
}
