import { randomOf } from '../support/random.ts';

/**
 * Lets variants take turns: each once a round, in an order that every round draws anew, so that what
 * else the machine does hits all of them, and none is always the first.
 *
 * @returns Of each variant its result of each round.
 */
export async function takeTurns<Variant, Result>(
  variants: readonly Variant[],
  rounds: number,
  run: (variant: Variant, round: number) => Promise<Result>,
): Promise<Map<Variant, Result[]>> {
  const random = randomOf(variants.length);
  const results = new Map<Variant, Result[]>(variants.map((variant) => [variant, []]));
  for (let round = 1; round <= rounds; round += 1) {
    const drawn = variants.map((variant) => ({ variant, place: random() }));
    for (const { variant } of drawn.toSorted((one, other) => one.place - other.place)) {
      results.get(variant)?.push(await run(variant, round));
    }
    process.stderr.write(`round ${round} of ${rounds}\n`);
  }
  return results;
}
