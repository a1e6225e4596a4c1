import { isOrdinaryError, showThrown } from './show-thrown.ts';
import { print } from './standard-error.ts';

/**
 * Emits a process warning for a value that a user's code has thrown. It may be any value.
 *
 * An ordinary error is emitted as it is. Any other value is described by a text, because Node may
 * crash when it shows the value. If no warnings are shown, the text is written to standard error,
 * so that no error is lost. Never throws.
 */
export function warn(thrown: unknown): void {
  if (isOrdinaryError(thrown) && emits(thrown)) return;
  const text = showThrown(thrown);
  if (!emits(text)) print(text);
}

/** Emits a warning, unless it would not be shown. @returns Whether it was emitted. */
function emits(warning: Error | string): boolean {
  try {
    if (isHushed()) return false;
    process.emitWarning(warning);
    return true;
  } catch {
    // Node does not accept errors of other realms.
    return false;
  }
}

/**
 * Whether warnings are not shown: then the listener that prints them is missing. On Deno it is there
 * even if warnings are turned off, and prints them.
 */
function isHushed(): boolean {
  return process.listenerCount('warning') === 0;
}
