import type { OptionCheck } from '../primitives/option-check.ts';

/**
 * Checks the options of `stop()`.
 *
 * @param grace - The default.
 * @returns The grace, in milliseconds.
 * @throws `TypeError` or `RangeError`.
 */
export function checkStop(check: OptionCheck, options: unknown = {}, grace: number): number {
  check.object('options', options);
  check.known(['grace'], options);
  const { grace: given = grace } = options as { grace?: unknown };
  check.duration('grace', given);
  return given;
}
