import { parseArgs } from 'node:util';

/** What `npm run chaos` and `npm run chaos:fuzz` are told. */
export interface ChaosOptions<Kind> {
  readonly seconds: number;
  readonly seed: number;
  /** The only one that is run. */
  readonly round: number | undefined;
  readonly rounds: number;
  readonly kinds: readonly Kind[];
  /** How many rounds are under way at once. */
  readonly together: number;
}

function whole(name: string, value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0)
    throw new Error(`--${name} wants a number: ${value}`);
  return number;
}

/**
 * Reads [--seconds 30] [--seed 1] [--round 7] [--rounds 100] [--kinds net,tls] [--together 4].
 *
 * @param allKinds - The kinds of servers that there are.
 * @param together - The default of `--together`.
 */
export function readOptions<Kind extends string>(
  allKinds: readonly Kind[],
  together: number,
): ChaosOptions<Kind> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '30' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
      round: { type: 'string' },
      rounds: { type: 'string' },
      kinds: { type: 'string', default: allKinds.join() },
      together: { type: 'string', default: String(together) },
    },
  });
  return {
    seconds: whole('seconds', values.seconds),
    seed: whole('seed', values.seed),
    round: values.round === undefined ? undefined : whole('round', values.round),
    rounds: values.rounds === undefined ? Infinity : whole('rounds', values.rounds),
    kinds: values.kinds.split(',').map((name) => {
      const kind = allKinds.find((candidate) => candidate === name);
      if (kind === undefined) throw new Error(`--kinds wants some of ${allKinds.join()}: ${name}`);
      return kind;
    }),
    together: whole('together', values.together),
  };
}

/**
 * Gives the number of the next round until all are begun, time is up, or `signal` aborts.
 *
 * @returns That, and how many have begun.
 */
export function roundsOf(
  { seconds, round, rounds }: ChaosOptions<unknown>,
  signal: AbortSignal,
): { readonly next: () => number | undefined; readonly begun: () => number } {
  const end = performance.now() + seconds * 1000;
  let begun = 0;
  const next = (): number | undefined => {
    if (signal.aborted || begun >= (round === undefined ? rounds : 1)) return undefined;
    if (round === undefined && performance.now() >= end) return undefined;
    begun += 1;
    return round ?? begun - 1;
  };
  return { next, begun: () => begun };
}
