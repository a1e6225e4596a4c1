import { inspect } from 'node:util';

/**
 * The error for an argument of the wrong shape or range: it names the option, what is wanted and
 * what came.
 */
export function badOption(
  ErrorKind: typeof TypeError | typeof RangeError,
  name: string,
  wanted: string,
  received: unknown,
): Error {
  const came = inspect(received, { depth: 0, breakLength: Infinity, maxStringLength: 80 });
  const message = `Cannot accept connections: "${name}" must be ${wanted}, received ${came}`;
  return new ErrorKind(message);
}

/** @throws `TypeError` unless `signal` is an `AbortSignal` or `undefined`. */
export function checkSignal(signal: unknown): asserts signal is AbortSignal | undefined {
  if (signal === undefined || isAbortSignal(signal)) return;
  throw badOption(TypeError, 'signal', 'an AbortSignal', signal);
}

/** By shape: a signal may come from another realm. */
export function isAbortSignal(value: unknown): value is AbortSignal {
  return (
    typeof value === 'object' &&
    value !== null &&
    'aborted' in value &&
    typeof value.aborted === 'boolean' &&
    'addEventListener' in value &&
    typeof value.addEventListener === 'function'
  );
}

/** @throws `TypeError` or `RangeError` unless `value` is a whole number from 0 on, or `Infinity`. */
export function checkCount(name: string, value: unknown): asserts value is number {
  const wanted = 'a whole number of 0 or more, or Infinity';
  if (typeof value !== 'number') throw badOption(TypeError, name, wanted, value);
  if (value === Infinity || (Number.isInteger(value) && value >= 0)) return;
  throw badOption(RangeError, name, wanted, value);
}
