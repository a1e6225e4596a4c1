import { inspect } from 'node:util';

/**
 * The checks of one public function's arguments. Each error says what could not be done, and names
 * the option, what is wanted and what came.
 */
export class OptionCheck {
  readonly #failure: string;

  /** @param failure - What cannot be done: `'Cannot accept connections'`. */
  constructor(failure: string) {
    this.#failure = failure;
  }

  /** The error for an argument of the wrong shape or range. */
  error(
    ErrorKind: typeof TypeError | typeof RangeError,
    name: string,
    wanted: string,
    received: unknown,
  ): Error {
    const came = inspect(received, { depth: 0, breakLength: Infinity, maxStringLength: 80 });
    return new ErrorKind(`${this.#failure}: "${name}" must be ${wanted}, received ${came}`);
  }

  /** @throws `TypeError` unless `value` is an object. */
  object(name: string, value: unknown, wanted = 'an object'): asserts value is object {
    if (typeof value === 'object' && value !== null) return;
    throw this.error(TypeError, name, wanted, value);
  }

  /** @throws `TypeError` that names the first of `options` that is not among `names`. */
  known(names: readonly string[], options: object): void {
    const unknown = Object.keys(options).find((name) => !names.includes(name));
    if (unknown === undefined) return;
    const known = names.map((name) => `"${name}"`).join(', ');
    throw new TypeError(
      `${this.#failure}: "${unknown.slice(0, 80)}" is not an option, the options are ${known}`,
    );
  }

  /** @throws `TypeError` unless `value` is a function. */
  function(name: string, value: unknown): asserts value is (...args: never[]) => unknown {
    if (typeof value !== 'function') throw this.error(TypeError, name, 'a function', value);
  }

  /** @throws `TypeError` unless `value` is an `AbortSignal` or `undefined`. */
  signal(value: unknown): asserts value is AbortSignal | undefined {
    if (value === undefined || isAbortSignal(value)) return;
    throw this.error(TypeError, 'signal', 'an AbortSignal', value);
  }

  /** @throws `TypeError` or `RangeError` unless `value` is a whole number, or `Infinity`. */
  count(name: string, value: unknown, { from }: { from: number }): asserts value is number {
    const wanted = `a whole number of ${from} or more, or Infinity`;
    if (typeof value !== 'number') throw this.error(TypeError, name, wanted, value);
    if (value === Infinity || (Number.isInteger(value) && value >= from)) return;
    throw this.error(RangeError, name, wanted, value);
  }

  /** @throws `TypeError` or `RangeError` unless `value` is a time in milliseconds, or `Infinity`. */
  duration(name: string, value: unknown): asserts value is number {
    const wanted = 'a number of milliseconds of 0 or more, or Infinity';
    if (typeof value !== 'number') throw this.error(TypeError, name, wanted, value);
    if (!(value >= 0)) throw this.error(RangeError, name, wanted, value);
  }
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
