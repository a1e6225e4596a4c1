import type { VisitAccount } from './account.ts';
import type { Ledger } from './ledger.ts';
import type { RoundPlan } from './plan.ts';
import type { Ending } from './running.ts';

/** When what happened, by the clock that server and clients share. */
export interface Times {
  /** When the stop was asked for. */
  readonly stoppedAt: number;
  /** When the shutdown began. */
  readonly begunAt: number;
  /** When the promise settled; of a loop, when it was over. */
  readonly settledAt: number;
  /** When grace was over. */
  readonly deadline: number;
  /** Milliseconds between the stop and the end in which the event loop stood still. */
  readonly late: number;
  /** When the listener was seen to be closed. */
  readonly closedAt: number;
  /** When the owner of the server ended what was left, if he had to. */
  readonly razedAt: number;
}

/** What is known of a round when it is over. */
export interface Evidence {
  readonly plan: RoundPlan;
  readonly ledger: Ledger;
  /** `undefined` when it did not come. */
  readonly ending: Ending | undefined;
  readonly accounts: readonly VisitAccount[];
  readonly times: Times;
  /** Whether the listener was open after the end. */
  readonly isListening: boolean;
  /** Connections that were open after the end. */
  readonly openAfter: number;
  readonly leftListeners: readonly string[];
  readonly abortListeners: number;
  /** How many times the server said that it had closed. */
  readonly closes: number;
}

/** From when on who connects may be refused. */
export function firstRefusal({ stoppedAt, begunAt }: Times): number {
  return Math.min(stoppedAt, begunAt) - CLOCK_MS;
}

/** What two readings of the clock may differ by. */
export const CLOCK_MS = 2;
