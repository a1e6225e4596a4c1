import { lineClient } from './line-client.ts';

/** What became of the connections of a burst, as the client saw it. */
export interface Outcomes {
  /** Got the greeting. */
  readonly served: number;
  /** Ended in order, without a greeting. */
  readonly empty: number;
  readonly reset: number;
  readonly refused: number;
  /** Neither served nor ended in time. */
  readonly hung: number;
  readonly other: number;
}

interface Burst {
  readonly outcomes: Outcomes;
  /** Milliseconds from connect to end of each that was served, in order. */
  readonly waits: readonly number[];
}

export interface BurstClient {
  /**
   * Opens connections from a process of its own, within `spread` ms; resolves when all are over.
   * Each waits `patience` ms for an answer.
   */
  measure(port: number, count: number, spread?: number, patience?: number): Promise<Burst>;
  /** The same, but for the waits. */
  burst(...args: Parameters<BurstClient['measure']>): Promise<Outcomes>;
  stop(): Promise<void>;
}

/** Starts the client process of `spec/clients/burst.ts`. */
export async function burstClient(): Promise<BurstClient> {
  const { ask, stop } = await lineClient('spec/clients/burst.ts');
  const measure: BurstClient['measure'] = async (port, count, spread = 0, patience = 5000) =>
    JSON.parse(await ask(port, count, spread, patience)) as Burst;
  return { measure, burst: async (...args) => (await measure(...args)).outcomes, stop };
}
