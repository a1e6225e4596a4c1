/* c8 ignore start -- types alone: nothing of this file is left to run */

/**
 * What has become of the connections of one loop. At every instant
 * `accepted === yielded + queued + shed + lost + discarded`.
 */
export interface AcceptLoopStats {
  /** Brought by the server since the loop began. */
  readonly accepted: number;
  /** Handed to a consumer. */
  readonly yielded: number;
  /** Waiting for a consumer. */
  readonly queued: number;
  /** Refused on arrival: the queue was full. */
  readonly shed: number;
  /** Gone while they waited: the client left. */
  readonly lost: number;
  /** Refused because nobody will serve them: the loop was left, or a method of theirs throws. */
  readonly discarded: number;
}

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

/**
 * The connections of one `drain` so far. From the beginning of the shutdown on,
 * `open + finished + forced` are those that were open then, and those that came after.
 */
export interface DrainStats {
  /** Not ended yet. Before the shutdown, those that have come since the call. */
  readonly open: number;
  /** Ended in order, since the shutdown began. */
  readonly finished: number;
  /** Ended by force. */
  readonly forced: number;
}

/** What had to be ended by force. */
export interface Straggler {
  /**
   * A connection; an HTTP request, whole or half sent; a TLS handshake; or a socket that left HTTP
   * by an upgrade.
   */
  readonly kind: 'connection' | 'request' | 'handshake' | 'upgrade';
  /** The client's address. A Unix socket has none, nor has a connection that is gone. */
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  /** Milliseconds since it was accepted. */
  readonly age: number;
  /** Of an HTTP request: its method. Not there where it is not known. */
  readonly method?: string;
  /**
   * Of an HTTP request: what it asks for, without query, fragment and password, and cut if it is long.
   * Not there where it is not known.
   */
  readonly url?: string;
}

/**
 * What a connection that is open is doing.
 *
 * - `waiting`: it waits for a slot of `serve`.
 * - `running`: its handler has it, or a request of it is being served.
 * - `idle`: of HTTP, nothing is asked for.
 * - `half a request`: of HTTP, some of a request has come.
 * - `flushing`: all is said, and has not left yet.
 * - `lingering`: all has left, and the client is to end its side.
 * - `handshake`: of TLS.
 * - `upgraded`: it has left HTTP, and is somebody else's.
 */
export type OpenState =
  | 'waiting'
  | 'running'
  | 'idle'
  | 'half a request'
  | 'flushing'
  | 'lingering'
  | 'handshake'
  | 'upgraded';

/** A connection that is open now. */
export interface OpenConnection extends Straggler {
  readonly state: OpenState;
}
