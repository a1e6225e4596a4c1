import { randomOf } from '../support/random.ts';
import { median } from './median.ts';

/** A figure, and the interval in which it lies with 95 % confidence. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface Comparison {
  /** Median of the one by that of the other. */
  readonly ratio: Estimate;
  /** Median of the one less that of the other. */
  readonly difference: Estimate;
}

const RESAMPLES = 2000;

/**
 * Compares two variants by a bootstrap over rounds: a round keeps its pair together, since what else
 * the machine did in it has hit both. The same numbers give the same intervals.
 *
 * @param figures - One of each round.
 * @param base - Those of the same rounds that they are compared with.
 */
export function compare(figures: readonly number[], base: readonly number[]): Comparison {
  if (figures.length !== base.length)
    throw new RangeError('Cannot compare: not of the same rounds');
  const random = randomOf(figures.length);
  const ratios: number[] = [];
  const differences: number[] = [];
  for (let count = 0; count < RESAMPLES; count += 1) {
    const drawn = figures.map(() => Math.floor(random() * figures.length));
    const one = median(drawn.map((round) => figures[round] ?? NaN));
    const other = median(drawn.map((round) => base[round] ?? NaN));
    ratios.push(one / other);
    differences.push(one - other);
  }
  const [one, other] = [median(figures), median(base)];
  return {
    ratio: { value: one / other, ...interval(ratios) },
    difference: { value: one - other, ...interval(differences) },
  };
}

function interval(drawn: readonly number[]): { low: number; high: number } {
  const sorted = drawn.toSorted((one, other) => one - other);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? NaN;
  return { low: at(0.025), high: at(0.975) };
}
