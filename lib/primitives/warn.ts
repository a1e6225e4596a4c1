import { warnsByListener } from './runtime.ts';
import { Console } from 'node:console';
import { isOrdinaryError, showThrown } from './show-thrown.ts';

/**
 * Makes a process warning of what somebody's code has thrown, which may be anything. What is no
 * ordinary error is described by a warning of ours: Node itself may die of showing it. Where Node
 * shows no warnings it is written to standard error, so that nothing is swallowed. Never throws.
 */
export function warn(thrown: unknown): void {
  if (isOrdinaryError(thrown) && emits(thrown)) return;
  const text = showThrown(thrown);
  if (emits(text)) return;
  // Which ignores that standard error is closed, and is nobody's to replace.
  new Console({ stdout: process.stderr, ignoreErrors: true }).error(text);
}

/** Makes a warning of it, unless nobody would see that. */
function emits(warning: Error | string): boolean {
  try {
    if (isHushed()) return false;
    process.emitWarning(warning);
    return true;
  } catch {
    // Node takes no errors of other realms.
    return false;
  }
}

/** Whether nobody sees warnings. The listener that prints them is not there then. */
function isHushed(): boolean {
  const mayBe = warnsByListener || process.env['NODE_NO_WARNINGS'] === '1';
  return mayBe && process.listenerCount('warning') === 0;
}
