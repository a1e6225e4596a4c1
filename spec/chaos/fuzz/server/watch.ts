import { now, sleep } from '../../storm/clock.ts';
import type { Lateness } from '../../storm/lateness.ts';
import type { Evidence } from './evidence.ts';
import type { Running } from './running.ts';

/** How often the counts are looked at, in milliseconds. */
const LOOK_MS = 5;
/** Of faults of one kind so many are told. */
const TOLD = 5;
/** What it may be late, as DESIGN.md says. */
const SETTLE_MS = 250;
/** How long a round is waited for that does not end, in milliseconds. */
const OVERTIME_MS = 1500;

/** Looks at the counts, again and again. */
export class Watch {
  readonly badLooks: string[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor({ look }: Running) {
    this.#timer = setInterval(() => {
      const bad = look();
      if (bad !== undefined && this.badLooks.length < TOLD) this.badLooks.push(bad);
    }, LOOK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/**
 * Waits for the end, or until it is far too late for that.
 *
 * @param stoppedAt - When it was told to stop.
 * @param allowed - How many milliseconds it may take to its deadline.
 */
export async function endOf(
  { settled }: Running,
  lateness: Lateness,
  stoppedAt: number,
  allowed: number,
): Promise<Pick<Evidence, 'ending' | 'overdue' | 'late'>> {
  const overdue = (): number => {
    return now() - stoppedAt - lateness.since(stoppedAt) - allowed - SETTLE_MS;
  };
  const state = { isOver: false };
  const overtime = async (): Promise<undefined> => {
    while (!state.isOver && overdue() < OVERTIME_MS) await sleep(20);
    return undefined;
  };
  const ending = await Promise.race([settled, overtime()]);
  state.isOver = true;
  return { ending, overdue: overdue(), late: lateness.since(stoppedAt) };
}
