/* c8 ignore start -- types alone: nothing of this file is left to run */
import type { Straggler } from './straggler.ts';

/**
 * What became of the connections that a server had when its shutdown began, and of those that came
 * after: each is in `finished` or in `forced`. A TLS handshake is one, an HTTP/2 session is one.
 */
export interface DrainReport {
  /** Ended in order: by the client, by whoever handles them, or by us when they were idle. */
  readonly finished: number;
  /** Ended by force: what did not end in the time that it had. */
  readonly forced: number;
  /** The connections of `forced`. */
  readonly stragglers: readonly Straggler[];
  /** Milliseconds from the beginning of the shutdown to its end. */
  readonly duration: number;
}
