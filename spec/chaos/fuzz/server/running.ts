import type { Ending } from './evidence.ts';

/** A server that is run, one way or another, until it is stopped. */
export interface Running {
  readonly settled: Promise<Ending>;
  readonly stop: AbortController;
  /** Tells what does not add up now. */
  readonly look: () => string | undefined;
  readonly stopIn?: (grace: number | undefined) => Promise<unknown>;
  readonly dispose?: () => void;
  readonly leave?: (how: 'break' | 'return') => void;
  readonly drainLate?: () => void;
}
