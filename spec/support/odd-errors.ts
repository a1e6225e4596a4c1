import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';

function fail(): never {
  throw new Error('somebody’s own code throws');
}

/** A getter that returns a text a number of times, and then throws. */
function answers(times: number): PropertyDescriptor {
  let left = times;
  const get = (): string => (left-- > 0 ? 'text' : fail());
  return { get, configurable: true };
}

function withGetter(name: PropertyKey, descriptor: PropertyDescriptor = { get: fail }): Error {
  return Object.defineProperty(new Error('odd'), name, descriptor);
}

function withOwn(properties: object): Error {
  return Object.assign(new Error('odd'), properties);
}

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function circular(): Error {
  const error = new Error('odd');
  return Object.assign(error, { cause: error, errors: [error] });
}

class Named extends Error {
  override get name(): string {
    return 'Odd';
  }
}

/** A proxy whose every trap throws. */
const traps = new Proxy({}, { get: () => fail });

/** Makers of values that code may throw, and that are hard to show. */
export const oddErrors: Record<string, () => unknown> = {
  'a symbol for a message': () => withOwn({ message: Symbol('odd') }),
  'a message without a prototype': () => withOwn({ message: Object.create(null) as unknown }),
  'a symbol for a code': () => withOwn({ code: Symbol('odd') }),
  'toString throws': () => withOwn({ toString: fail }),
  'toString gives no text': () => withOwn({ toString: () => ({}) }),
  'toPrimitive throws': () => withOwn({ [Symbol.toPrimitive]: fail }),
  'toPrimitive gives no text': () => withOwn({ [Symbol.toPrimitive]: () => ({}) }),
  'its way to be inspected throws': () => withOwn({ [inspect.custom]: fail, code: Symbol('odd') }),
  'name throws': () => withGetter('name'),
  'stack throws': () => withGetter('stack'),
  'code throws': () => withGetter('code'),
  'detail throws': () => withGetter('detail'),
  'cause throws': () => withGetter('cause'),
  'constructor throws': () => withGetter('constructor'),
  'name throws the second time': () => withGetter('name', answers(1)),
  'name throws the fourth time': () => withGetter('name', answers(3)),
  'message throws the third time': () => withGetter('message', answers(2)),
  'message throws the fourth time': () => withGetter('message', answers(3)),
  'stack throws the second time': () => withGetter('stack', answers(1)),
  'a name that is a getter': () => new Named('odd'),
  'a proxy that throws': () => new Proxy(new Error('odd'), { get: fail }),
  'a proxy that throws whatever is asked': () => new Proxy(new Error('odd'), traps),
  'a function, as such a proxy': () => new Proxy(fail, traps),
  'a prototype that is such a proxy': () =>
    Object.setPrototypeOf(new Error('odd'), new Proxy(Error.prototype, traps)) as Error,
  'a revoked proxy': () => revoked({}),
  'a revoked proxy of an error': () => revoked(new Error('odd')),
  'an error without a prototype': () => Object.setPrototypeOf(new Error('odd'), null) as Error,
  'an object without a prototype': () => Object.create(null) as unknown,
  'no error, but with its prototype': () => Object.create(Error.prototype) as unknown,
  'an error of another realm': () => runInNewContext('new TypeError("odd")') as unknown,
  'a frozen error': () => Object.freeze(new Error('odd')),
  'an error that causes itself': circular,
  'an error named as a deprecation': () => withOwn({ name: 'DeprecationWarning' }),
  'an error without a message': () => withOwn({ message: '', name: '' }),
  'an AbortError': () => new DOMException('odd', 'AbortError'),
  // oxlint-disable-next-line unicorn/no-thenable -- a user's code may have one
  'a thenable that throws': () => ({ then: fail }),
  'an error whose then throws': () => withGetter('then'),
  'a function': () => fail,
  'a symbol': () => Symbol('odd'),
  'a bigint': () => 10n,
  'an empty text': () => '',
  null: () => null,
  nothing: () => undefined,
};
