import { drawPlan } from './draw-plan.ts';
import type { Kind } from './plan.ts';
import { Processes } from './judge/processes.ts';
import { type Result, tryRound } from './judge/try-round.ts';

export interface FuzzOptions {
  readonly seed: number;
  readonly kinds: readonly Kind[];
  /** How many rounds are run at a time, each with a server of its own. */
  readonly together: number;
  /** The number of the next round; `undefined` when that was the last one. */
  readonly next: () => number | undefined;
  readonly onRound: (result: Result) => void;
}

/** Runs rounds until there is no next one: clients in one process, servers in another. */
export async function fuzz({ seed, kinds, together, next, onRound }: FuzzOptions): Promise<void> {
  const processes = new Processes({
    onLateDeath: (ticket, failure) =>
      onRound({ ticket, plan: drawPlan(ticket), violations: [failure] }),
  });
  const lane = async (): Promise<void> => {
    for (let round = next(); round !== undefined; round = next()) {
      onRound(await tryRound(processes, { seed, round, kinds }));
    }
  };
  try {
    await Promise.all(Array.from({ length: together }, lane));
  } finally {
    await processes.stop();
  }
}
