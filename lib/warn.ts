import { inspect } from 'node:util';

/**
 * Makes a process warning of what somebody's code has thrown, which may be anything. An error that
 * resists being shown is described by a warning of ours: Node itself dies of showing it. With
 * `--no-warnings` it is written to standard error, so that nothing is swallowed.
 */
export function warn(thrown: unknown): void {
  const warning = canBeShown(thrown) ? thrown : describe(thrown);
  const text = typeof warning === 'string' ? warning : describe(warning);
  if (isHushed()) process.stderr.write(`${text}\n`);
  else process.emitWarning(warning);
}

/** Whether Node can print it: it makes strings of these. */
function canBeShown(thrown: unknown): thrown is Error {
  try {
    if (!(thrown instanceof Error)) return false;
    const { name, message, stack, code } = thrown as NodeJS.ErrnoException;
    const texts: unknown[] = [name, message, stack ?? '', code ?? ''];
    return texts.every((text) => typeof text === 'string') && String(thrown) !== '';
  } catch {
    return false;
  }
}

function describe(thrown: unknown): string {
  try {
    const text = inspect(thrown);
    return thrown instanceof Error ? text : `A handler has thrown ${text}`;
  } catch {
    return 'A handler has thrown what cannot be shown';
  }
}

/** Whether nobody sees warnings. Node prints them by a listener, which is not there then. */
function isHushed(): boolean {
  const isNode = !('bun' in process.versions || 'deno' in process.versions);
  const mayBe = isNode || process.env['NODE_NO_WARNINGS'] === '1';
  return mayBe && process.listenerCount('warning') === 0;
}
