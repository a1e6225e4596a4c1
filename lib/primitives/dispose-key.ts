type Name = 'dispose' | 'asyncDispose';

/**
 * The key of the method that `using` calls to dispose an object, as this realm has it now.
 *
 * Node 20 and 22 define the symbols in their first realm only. A realm that a test runner creates
 * for a file has none. In such a realm, `using` is always compiled code. The code that esbuild,
 * Babel and SWC compile then looks for the registered symbol.
 *
 * Call it when an object is created, because a polyfill may be loaded after this module.
 */
export function disposeKey<Key extends Name>(name: Key): SymbolConstructor[Key] {
  const own = Symbol[name] as SymbolConstructor[Key] | undefined;
  return own ?? (Symbol.for(`Symbol.${name}`) as SymbolConstructor[Key]);
}

/**
 * Adds the dispose method to an object. Like a method of a class, it is not enumerable.
 *
 * @param dispose - Must not need `this`.
 */
export function makeDisposable(thing: object, name: Name, dispose: () => unknown): void {
  const property = { value: dispose, configurable: true, writable: true };
  Object.defineProperty(thing, disposeKey(name), property);
}
