import { Alarms } from './alarms.ts';
import { drawRound } from './draw-round.ts';
import type { Evidence } from './evidence.ts';
import { invariants } from './invariants.ts';
import { Lateness } from './lateness.ts';
import type { Kind } from './plan.ts';
import { runRound } from './round.ts';
import { Visitors } from './visitors.ts';

export interface RoundResult {
  readonly seed: number;
  readonly round: number;
  readonly evidence: Evidence;
  readonly violations: readonly string[];
}

export interface StormOptions {
  readonly seed: number;
  readonly kinds: readonly Kind[];
  /** How many rounds are run at a time, each with a server of its own. */
  readonly together: number;
  /** The number of the next round; `undefined` when that was the last one. */
  readonly next: () => number | undefined;
  readonly onRound: (result: RoundResult) => void;
}

/** Runs rounds until there is no next one. The clients live in a process of their own. */
export async function storm({ seed, kinds, together, next, onRound }: StormOptions): Promise<void> {
  const alarms: string[] = [];
  const collector = new Alarms((text) => alarms.push(text));
  const lateness = new Lateness();
  const visitors = new Visitors((error) => alarms.push(error.message));
  const lane = async (): Promise<void> => {
    for (let round = next(); round !== undefined; round = next()) {
      const plan = drawRound(roundSeed(seed, round), kinds);
      const evidence = await runRound(plan, visitors, lateness);
      // Whose they are is not known: rounds are run together.
      const violations = [...violationsOf(evidence), ...alarms.splice(0)];
      onRound({ seed, round, evidence, violations });
    }
  };
  try {
    await Promise.all(Array.from({ length: together }, lane));
  } finally {
    await visitors.stop();
    lateness.stop();
    collector.stop();
  }
}

/** A round can be repeated alone. */
function roundSeed(seed: number, round: number): number {
  return (Math.imul(seed, 0x9e3779b1) ^ Math.imul(round + 1, 0x85ebca6b)) >>> 0;
}

function violationsOf(evidence: Evidence): string[] {
  return Object.entries(invariants).flatMap(([name, against]) => {
    const texts = against(evidence);
    return texts.length > 0 ? [`${name}: ${texts.slice(0, 5).join(', ')}`] : [];
  });
}
