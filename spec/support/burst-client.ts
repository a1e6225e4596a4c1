import { lineClient } from './line-client.ts';

/** How the connections of a burst ended, as the client saw it. */
export interface Outcomes {
  /** The client got the greeting. */
  readonly served: number;
  /** The connection ended in order, without a greeting. */
  readonly empty: number;
  readonly reset: number;
  readonly refused: number;
  /** The connection was neither served nor ended in time. */
  readonly hung: number;
  readonly other: number;
}

interface Burst {
  readonly outcomes: Outcomes;
  /** Milliseconds from connect to end, for each connection that was served, in order. */
  readonly waits: readonly number[];
}

export interface BurstClient {
  /**
   * Opens connections within `spread` ms, from the client process. Resolves when all have ended.
   * Each connection waits `patience` ms for an answer.
   */
  measure(port: number, count: number, spread?: number, patience?: number): Promise<Burst>;
  /** The same, without the waits. */
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
