import type { AcceptLoopStats, DrainReport, ServeReport, ServeStats } from 'accept-loop';

/** What has come of the server at its end. */
export interface Ending {
  readonly serve?: { readonly report: ServeReport; readonly stats: ServeStats };
  readonly drain?: DrainReport;
  readonly loop?: AcceptLoopStats;
  /** What its promise was rejected with. */
  readonly rejected?: string;
}

/** What the process of the server has seen of a round. */
export interface Evidence {
  /** `undefined` when it never settled. */
  readonly ending: Ending | undefined;
  /** Milliseconds that it settled after the last moment; without those that the loop stood still. */
  readonly overdue: number;
  /** Milliseconds in which the loop stood still. */
  readonly late: number;
  /** Counts that did not add up when somebody looked. */
  readonly badLooks: readonly string[];
  /** What `getConnections()` said a while after the end. */
  readonly openAfter: number;
  /** The connections that were open then, by their ports and what was read of them. */
  readonly open: readonly string[];
  /** How many times the server said `'close'` before its owner ended what was left. */
  readonly closesBefore: number;
  readonly closes: number;
  readonly isListening: boolean;
  /** Listeners on the server that were not there before. */
  readonly leftListeners: readonly string[];
  readonly abortListeners: number;
  /** Process warnings, and what `onError` was told that no handler has thrown. */
  readonly strange: readonly string[];
  readonly calls: number;
  /** Processor time in milliseconds until the stop, and the bytes received. */
  readonly cpu: number;
  readonly bytes: number;
}
