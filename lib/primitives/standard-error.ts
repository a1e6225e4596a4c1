import { Console } from 'node:console';

const ignore = (): void => {};

/**
 * Standard error. From now on, the process goes on if nobody reads what is written there: it may be
 * draining. A `Console` alone ignores only the first error.
 */
export function standardError(): NodeJS.WriteStream {
  const { stderr } = process;
  if (!stderr.listeners('error').includes(ignore)) stderr.on('error', ignore);
  return stderr;
}

/** Writes lines to standard error. No other code can replace this console. Never throws. */
export function print(text: string): void {
  try {
    new Console({ stdout: standardError(), ignoreErrors: true }).error(text);
  } catch {
    // A test has put something else in the place of standard error.
  }
}
