import { randomOf } from '../../support/random.ts';

/** Draws from a seed. */
export interface Draw {
  /** From 0 to 1. */
  readonly number: () => number;
  /** A whole number, both ends included. */
  readonly between: (least: number, most: number) => number;
  readonly oneOf: <Value>(values: readonly Value[]) => Value;
  /** Whether a chance of that size comes true. */
  readonly chance: (probability: number) => boolean;
}

export function drawFrom(seed: number): Draw {
  const number = randomOf(seed);
  // The first ones of neighbouring seeds are alike.
  for (let skipped = 0; skipped < 10; skipped += 1) number();
  const between = (least: number, most: number): number =>
    least + Math.floor(number() * (most - least + 1));
  return {
    number,
    between,
    oneOf: (values) => values[between(0, values.length - 1)] as (typeof values)[number],
    chance: (probability) => number() < probability,
  };
}
