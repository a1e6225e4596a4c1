import type { OptionCheck } from '../primitives/option-check.ts';

/**
 * Checks what `stop()` was given.
 *
 * @param grace - What it is by default.
 * @returns The grace.
 * @throws `TypeError` or `RangeError`.
 */
export function checkStop(check: OptionCheck, options: unknown = {}, grace: number): number {
  check.object('options', options);
  check.known(['grace'], options);
  const { grace: given = grace } = options as { grace?: unknown };
  check.duration('grace', given);
  return given;
}
