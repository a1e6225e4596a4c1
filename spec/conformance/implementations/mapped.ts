/** An iterator whose values are given in other words. */
export function mapped<From, To>(
  iterator: AsyncIterator<From, unknown>,
  map: (value: From) => To,
): AsyncIterator<To, unknown> {
  const turned = ({ done, value }: IteratorResult<From, unknown>): IteratorResult<To, unknown> =>
    done === true ? { done, value } : { done: false, value: map(value) };
  return {
    next: async () => turned(await iterator.next()),
    return: async () => turned((await iterator.return?.()) ?? { done: true, value: undefined }),
  };
}
