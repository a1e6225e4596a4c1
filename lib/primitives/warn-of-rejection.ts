import { warn } from './warn.ts';

const nothing = (): void => {};
const never = (): boolean => false;

/**
 * Turns the rejection of a user's own method into a process warning, as if the method had thrown.
 *
 * @param result - The value that the method has returned. Only a promise matters.
 * @param isExpected - Whether to stay silent about an error.
 */
export function warnOfRejection(
  result: unknown,
  isExpected: (error: unknown) => boolean = never,
): void {
  if (typeof result !== 'object' || result === null) return;
  if (typeof (result as Partial<PromiseLike<unknown>>).then !== 'function') return;
  Promise.resolve(result).then(nothing, (error: unknown) => {
    if (!isExpected(error)) warn(error);
  });
}
