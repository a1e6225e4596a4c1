type Name = 'dispose' | 'asyncDispose';

/**
 * The key of the method by which `using` ends a thing, as this realm has it now.
 *
 * Node 20 and 22 put the symbols into their first realm only: one that a test runner makes for a file
 * has none. There `using` can only be compiled code, and that of esbuild, Babel and SWC takes the
 * registered symbol then. Asked when a thing is made, since a polyfill may come after this module.
 */
export function disposeKey<Key extends Name>(name: Key): SymbolConstructor[Key] {
  const own = Symbol[name] as SymbolConstructor[Key] | undefined;
  return own ?? (Symbol.for(`Symbol.${name}`) as SymbolConstructor[Key]);
}

/** Gives a thing the method, which needs no `this`. Like a method of a class, it is not enumerable. */
export function makeDisposable(thing: object, name: Name, dispose: () => unknown): void {
  const property = { value: dispose, configurable: true, writable: true };
  Object.defineProperty(thing, disposeKey(name), property);
}
