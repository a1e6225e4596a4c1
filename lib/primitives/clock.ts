/** Whole milliseconds of `performance.now()`. In a field of an object they take no object of their own. */
export function now(): number {
  return Math.trunc(performance.now());
}
