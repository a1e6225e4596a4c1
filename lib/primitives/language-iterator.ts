const generators = Object.getPrototypeOf(async function* () {}.prototype) as object;
const inherited = Object.getPrototypeOf(generators) as object | null;

/**
 * The prototype that every async iterator of the language inherits from. The runtime or a polyfill
 * puts iterator helpers there. If a compiler for old runtimes has replaced async generators, it may
 * not exist. Then this is `Object.prototype`.
 */
export const asyncIteratorPrototype: object = inherited ?? Object.prototype;

function Base(): void {}
Base.prototype = asyncIteratorPrototype;

/**
 * A base class. Its instances inherit from the same prototype as async iterators of the language.
 */
export const LanguageIterator = Base as unknown as new <Item>() => AsyncIteratorObject<
  Item,
  undefined
>;
