import { inspect } from 'node:util';
import { onAbort } from './on-abort.ts';

const nothing = (): void => {};

/**
 * How many characters of a received value are shown. The whole error stays below 300 characters.
 */
const MOST_SHOWN = 80;

/**
 * Checks the arguments of one public function. The message of each error says what could not be
 * done, and names the option, the wanted value and the received value.
 */
export class OptionCheck {
  readonly #failure: string;

  /** @param failure - What could not be done: `'Cannot accept connections'`. */
  constructor(failure: string) {
    this.#failure = failure;
  }

  /**
   * Makes the error for an argument of the wrong shape or range. Its message is always one line.
   *
   * @param hint - What to pass instead, if it is known: `'give app.server'`.
   */
  error(
    ErrorKind: typeof TypeError | typeof RangeError,
    name: string,
    wanted: string,
    received: unknown,
    hint?: string,
  ): Error {
    const came = show(received) + (hint === undefined ? '' : `: ${hint}`);
    return new ErrorKind(`${this.#failure}: "${name}" must be ${wanted}, received ${came}`);
  }

  /** @throws `TypeError` unless `value` is an object. */
  object(name: string, value: unknown, wanted = 'an object'): asserts value is object {
    if (typeof value === 'object' && value !== null) return;
    throw this.error(TypeError, name, wanted, value);
  }

  /**
   * Checks the keys of the options. Without this check, a misspelt option would be ignored
   * silently.
   *
   * @throws `TypeError` for a key that is not in `names`, and for a signal in place of the options.
   */
  known(names: readonly string[], options: object): void {
    const wanted = `an object with no other keys than ${names.join(', ')}`;
    const unknown = isAbortSignal(options) ? options : strangeKey(names, options);
    if (unknown !== undefined) throw this.error(TypeError, 'options', wanted, unknown);
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

  /**
   * @throws `TypeError` or `RangeError` unless `value` is a time in milliseconds, or `Infinity`.
   */
  duration(name: string, value: unknown): asserts value is number {
    const wanted = 'a number of milliseconds of 0 or more, or Infinity';
    if (typeof value !== 'number') throw this.error(TypeError, name, wanted, value);
    if (!(value >= 0)) throw this.error(RangeError, name, wanted, value);
  }
}

/**
 * Whether a value is an `AbortSignal`, by its shape: a signal may come from another realm. If a
 * listener cannot be added to it, it is of no use.
 */
export function isAbortSignal(value: unknown): value is AbortSignal {
  if (typeof value !== 'object' || value === null) return false;
  try {
    const signal = value as AbortSignal;
    const { aborted } = signal;
    if (typeof aborted !== 'boolean' || !canListen(signal)) return false;
    if (!aborted) onAbort(signal, nothing)();
    return true;
  } catch {
    // A revoked proxy, or a getter or method that throws.
    return false;
  }
}

function canListen({ addEventListener, removeEventListener }: Partial<AbortSignal>): boolean {
  return typeof addEventListener === 'function' && typeof removeEventListener === 'function';
}

/** The first key that is not in `names`, or the object itself if its keys cannot be read. */
function strangeKey(names: readonly string[], options: object): unknown {
  try {
    return Object.keys(options).find((key) => !names.includes(key));
  } catch {
    return options;
  }
}

/** Shows a value in one short line. The fields of a framework's application would fill pages. */
function show(value: unknown): string {
  try {
    const text = inspect(value, { depth: 0, breakLength: Infinity, maxStringLength: MOST_SHOWN });
    const line = text.replaceAll(/\s*\n\s*/g, ' ');
    return line.length > MOST_SHOWN ? `${line.slice(0, MOST_SHOWN)}…` : line;
  } catch {
    return `${typeof value} that cannot be shown`;
  }
}
