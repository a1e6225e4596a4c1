import { warn } from './warn.ts';
import { warnOfRejection } from './warn-of-rejection.ts';

/**
 * Calls a function that may run a user's own method. If it throws or rejects, the error becomes a
 * process warning and has no other effect.
 *
 * @returns The result of the function, or `undefined` if it throws.
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

/**
 * Calls `action` with each item. If it throws for one item, the error becomes a process warning,
 * and the other items have their turn.
 */
export function attemptEach<Item>(items: Iterable<Item>, action: (item: Item) => void): void {
  for (const item of items) {
    try {
      action(item);
    } catch (error) {
      warn(error);
    }
  }
}
