import { inspect } from 'node:util';

/** Makes a process warning of what somebody's code has thrown, which may be anything. */
export function warn(thrown: unknown): void {
  let warning: Error | string = 'A handler has thrown what cannot be shown';
  try {
    warning = thrown instanceof Error ? thrown : `A handler has thrown ${inspect(thrown)}`;
  } catch {
    // It resists being looked at.
  }
  process.emitWarning(warning);
}
