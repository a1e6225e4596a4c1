/**
 * `performance.now()` in whole milliseconds. In a field, V8 stores a whole number without an object
 * of its own.
 */
export function now(): number {
  return Math.trunc(performance.now());
}
