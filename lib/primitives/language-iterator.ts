const generators = Object.getPrototypeOf(async function* () {}.prototype) as object;
const inherited = Object.getPrototypeOf(generators) as object | null;

/**
 * What every async iterator of the language inherits from. Iterator helpers are put there, by the
 * runtime or by a polyfill. A compiler for old runtimes leaves nothing there but what is above all.
 */
export const asyncIteratorPrototype: object = inherited ?? Object.prototype;

function Base(): void {}
Base.prototype = asyncIteratorPrototype;

/** What a class extends whose instances are async iterators as those of the language are. */
export const LanguageIterator = Base as unknown as new <Item>() => AsyncIteratorObject<
  Item,
  undefined
>;
