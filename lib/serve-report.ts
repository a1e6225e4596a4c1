/* c8 ignore start -- types alone: nothing of this file is left to run */
import type { Straggler } from './straggler.ts';

/**
 * What has become of the connections of one `serve` so far. At every instant
 * `accepted === active + queued + completed + failed + shed + lost + discarded + forced`.
 */
export interface ServeStats {
  /** Brought by the server. */
  readonly accepted: number;
  /** Handed to a handler whose task is not over. */
  readonly active: number;
  /** Waiting for a slot. */
  readonly queued: number;
  /** The handler resolved. It does not say that the client has got all. */
  readonly completed: number;
  /** The handler threw or rejected, or, in callback style, the connection failed. */
  readonly failed: number;
  /** Refused on arrival: the queue was full. */
  readonly shed: number;
  /** Gone while they waited: the client left. */
  readonly lost: number;
  /** Refused because they were still waiting when grace ended. */
  readonly discarded: number;
  /** Ended by force: the task was running when grace ended. */
  readonly forced: number;
}

/**
 * What became of all of them:
 * `accepted === completed + failed + shed + lost + discarded + forced`.
 */
export interface ServeReport extends Omit<ServeStats, 'active' | 'queued'> {
  /** Those of `forced` whose handler did not settle even then. */
  readonly abandoned: number;
  /** What had to be ended by force, in the counts above or not. */
  readonly stragglers: readonly Straggler[];
}
