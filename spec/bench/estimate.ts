import type { Estimate } from './compare.ts';

/** A figure with its interval, as text. */
export function estimate({ value, low, high }: Estimate, digits: number): string {
  const [one, from, to] = [value, low, high].map((number) => number.toFixed(digits));
  return `${one} (${from} to ${to})`;
}
