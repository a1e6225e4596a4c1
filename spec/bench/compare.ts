import { randomOf } from '../support/random.ts';
import { median } from './median.ts';

/** A figure, and the interval in which it lies with 95 % confidence. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface Comparison {
  /** Median of the one by the other, round by round. */
  readonly ratio: Estimate;
  /** Median of the one less the other, round by round. */
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
  const of = (pairs: readonly number[]): Estimate => {
    const drawn = Array.from({ length: RESAMPLES }, () =>
      median(pairs.map(() => pairs[Math.floor(random() * pairs.length)] ?? NaN)),
    );
    return { value: median(pairs), ...interval(drawn) };
  };
  return {
    ratio: of(figures.map((figure, round) => figure / (base[round] ?? NaN))),
    difference: of(figures.map((figure, round) => figure - (base[round] ?? NaN))),
  };
}

function interval(drawn: readonly number[]): { low: number; high: number } {
  const sorted = drawn.toSorted((one, other) => one - other);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? NaN;
  return { low: at(0.025), high: at(0.975) };
}
