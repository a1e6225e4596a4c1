import { warn } from './warn.ts';

const nothing = (): void => {};
const never = (): boolean => false;

/**
 * Somebody's own method may be async: its rejection is warned of, as what another one throws is.
 *
 * @param result - What the method has returned.
 * @param isExpected - Whether an error is none.
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
