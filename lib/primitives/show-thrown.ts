import { inspect, types } from 'node:util';

/**
 * How many characters of what was thrown are shown. It is what a pipe holds on Linux: beyond that,
 * standard error stops the process until somebody reads.
 */
const MOST_SHOWN = 65_536;

/** What Node makes strings of when it shows a warning. */
const shown = ['name', 'message', 'stack', 'code', 'detail'] as const;

/**
 * Whether Node can show it as a warning, whatever happens meanwhile: an ordinary error, nothing of
 * which is code of somebody's. One that is named as a deprecation is none: Node would ignore it, or
 * throw it, as its flags say.
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

/** Describes what was thrown, which may be anything, and resist that. */
export function showThrown(thrown: unknown): string {
  const text = show(thrown);
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

function show(thrown: unknown): string {
  const longStack = longStackOf(thrown);
  if (longStack !== undefined) return longStack;
  // Somebody's own way to show it may fail.
  for (const customInspect of [true, false]) {
    try {
      const text = inspect(thrown, { customInspect, maxStringLength: MOST_SHOWN });
      return isErrorOfAnyRealm(thrown) ? text : `A handler has thrown ${text}`;
    } catch {
      // The other way, then.
    }
  }
  return 'A handler has thrown what cannot be shown';
}

/** Of an error that is too long anyhow: to inspect one of 50 MB takes half a second. */
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
 * The value of a property, its own or inherited, read without a call.
 *
 * @throws For a getter, and for what answers by calls alone.
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

/** V8's own, in its later versions: it is the same for all errors of a realm. */
const stackGetter: unknown = Reflect.get(
  Object.getOwnPropertyDescriptor(new Error('x'), 'stack') ?? {},
  'get',
);
