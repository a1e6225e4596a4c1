import { inspect, types } from 'node:util';

/**
 * How many characters of a thrown value are shown. It is the capacity of a pipe on Linux. Beyond
 * that, a write to standard error stops the process until the reader of the pipe reads.
 */
const MOST_SHOWN = 65_536;

/** The properties that Node turns into strings when it shows a warning. */
const shown = ['name', 'message', 'stack', 'code', 'detail'] as const;

/**
 * Whether Node can safely show a thrown value as a warning: it is an ordinary error, and showing it
 * runs no code of a user.
 *
 * An error with the name `DeprecationWarning` is not ordinary. Depending on its flags, Node would
 * ignore or throw it.
 */
export function isOrdinaryError(thrown: unknown): thrown is Error {
  try {
    if (!(thrown instanceof Error)) return false;
    if (find(thrown, 'toString') !== Error.prototype.toString) return false;
    const texts = shown.map((name) => find(thrown, name) ?? '');
    if (!texts.every((text) => typeof text === 'string')) return false;
    const isShort = texts.reduce((sum, { length }) => sum + length, 0) <= MOST_SHOWN;
    return isShort && texts[0] !== 'DeprecationWarning';
  } catch {
    return false;
  }
}

/** Describes a thrown value. It may be any value, and reading it may throw. */
export function showThrown(thrown: unknown): string {
  const text = show(thrown);
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

function show(thrown: unknown): string {
  const longStack = longStackOf(thrown);
  if (longStack !== undefined) return longStack;
  // A user's own `inspect` method may throw. Then the value is shown without it.
  for (const customInspect of [true, false]) {
    try {
      const text = inspect(thrown, { customInspect, maxStringLength: MOST_SHOWN });
      return isErrorOfAnyRealm(thrown) ? text : `A handler has thrown ${text}`;
    } catch {
      // The next try shows it without the custom method.
    }
  }
  return 'A handler has thrown what cannot be shown';
}

/**
 * The stack of an error, if it is too long to show in full. It saves the call of `inspect`, which
 * takes half a second for 50 MB.
 */
function longStackOf(thrown: unknown): string | undefined {
  if (!types.isNativeError(thrown)) return undefined;
  try {
    const stack = find(thrown, 'stack');
    return typeof stack === 'string' && stack.length > MOST_SHOWN ? stack : undefined;
  } catch {
    return undefined;
  }
}

function isErrorOfAnyRealm(thrown: unknown): boolean {
  return types.isNativeError(thrown) || thrown instanceof Error;
}

/**
 * Reads a property, own or inherited, without running code of a user.
 *
 * @throws `TypeError` for a getter or a setter, and for a proxy.
 */
function find(thing: object, name: string): unknown {
  for (let owner: object | null = thing; owner; owner = Object.getPrototypeOf(owner) as object) {
    if (types.isProxy(owner)) throw new TypeError('Cannot read a proxy without a call');
    const property = Object.getOwnPropertyDescriptor(owner, name);
    if (property === undefined) continue;
    if (!property.get && !property.set) return property.value;
    if (property.get === stackGetter) return Reflect.get(thing, name);
    throw new TypeError('Cannot read a getter without a call');
  }
  return undefined;
}

/** In later versions of V8, `stack` is a getter. It is the same for all errors of a realm. */
const stackGetter: unknown = Reflect.get(
  Object.getOwnPropertyDescriptor(new Error('x'), 'stack') ?? {},
  'get',
);
