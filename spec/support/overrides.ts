import { fileURLToPath } from 'node:url';

const lib = fileURLToPath(new URL('../../lib/', import.meta.url));

/** Whether this package has called a function directly. */
function isCalledByUs(callee: (...args: never[]) => unknown): boolean {
  const { stackTraceLimit } = Error;
  const trace: { stack?: string } = {};
  Error.stackTraceLimit = 1;
  Error.captureStackTrace(trace, callee);
  Error.stackTraceLimit = stackTraceLimit;
  return trace.stack?.includes(lib) === true;
}

/**
 * Makes a method or a property of a user's object throw when this package uses it. Node's own code
 * still gets the original: the specs do not test what Node does with such an object.
 *
 * @param fault - Makes the error to throw.
 */
export function override(object: object, name: string, fault: () => Error): void {
  const original: unknown = Reflect.get(object, name);
  if (typeof original === 'function') {
    const method = function (this: unknown, ...args: unknown[]): unknown {
      if (isCalledByUs(method)) throw fault();
      return Reflect.apply(original, this, args);
    };
    Object.defineProperty(object, name, { configurable: true, writable: true, value: method });
    return;
  }
  const own = Object.getOwnPropertyDescriptor(object, name);
  let value: unknown = original;
  const get = function (this: object): unknown {
    if (isCalledByUs(get)) throw fault();
    return own ? value : Reflect.get(Object.getPrototypeOf(object) as object, name, this);
  };
  const set = function (this: object, next: unknown): void {
    if (own) value = next;
    else Reflect.set(Object.getPrototypeOf(object) as object, name, next, this);
  };
  Object.defineProperty(object, name, { configurable: true, get, set });
}

/**
 * Makes a method of a user's object async when this package uses it: it does its work, and rejects.
 *
 * @param fault - Makes the error.
 */
export function overrideAsync(object: object, name: string, fault: () => Error): void {
  const original = Reflect.get(object, name) as (...args: unknown[]) => unknown;
  const method = function (this: unknown, ...args: unknown[]): unknown {
    const result = Reflect.apply(original, this, args);
    return isCalledByUs(method) ? Promise.reject(fault()) : result;
  };
  Object.defineProperty(object, name, { configurable: true, writable: true, value: method });
}
