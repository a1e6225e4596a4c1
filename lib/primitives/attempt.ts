import { warn } from './warn.ts';
import { warnOfRejection } from './warn-of-rejection.ts';

/**
 * Calls what may be somebody's own method: one that throws is warned of, and costs nothing else.
 *
 * @returns `undefined` if it throws.
 */
export function attempt<Result>(action: () => Result): Result | undefined {
  try {
    const result = action();
    warnOfRejection(result);
    return result;
  } catch (error) {
    warn(error);
    return undefined;
  }
}

/** Does something with each of many: one whose own method throws costs the others nothing. */
export function attemptEach<Item>(items: Iterable<Item>, action: (item: Item) => void): void {
  for (const item of items) {
    try {
      action(item);
    } catch (error) {
      warn(error);
    }
  }
}
