/* c8 ignore start -- types alone: nothing of this file is left to run */

/**
 * The counts of one loop: what has become of its connections. At every instant
 * `accepted === yielded + queued + shed + lost + discarded`.
 */
export interface AcceptLoopStats {
  /** Connections that the server has brought since the loop began. */
  readonly accepted: number;
  /** Handed to a consumer. */
  readonly yielded: number;
  /** Waiting for a consumer. */
  readonly queued: number;
  /** Refused on arrival: the queue was full. */
  readonly shed: number;
  /** The client left while its connection waited. */
  readonly lost: number;
  /** Refused because the loop was left, or because a method of the connection has thrown. */
  readonly discarded: number;
}

/**
 * The counts of one `serve`: what has become of its connections so far. At every instant
 * `accepted === active + queued + completed + failed + shed + lost + discarded + forced`.
 */
export interface ServeStats {
  /** Connections that the server has brought. */
  readonly accepted: number;
  /** Tasks that have begun, and are not over. */
  readonly active: number;
  /** Waiting for a slot. */
  readonly queued: number;
  /**
   * The handler resolved. In callback style: the connection closed without an error. It does not
   * mean that the client has received everything.
   */
  readonly completed: number;
  /** The handler threw or rejected. In callback style also: the connection failed. */
  readonly failed: number;
  /** Refused on arrival: the queue was full. */
  readonly shed: number;
  /** The client left while its connection waited. */
  readonly lost: number;
  /**
   * Refused because they were still waiting for a slot when grace ended, or because a method of the
   * connection has thrown.
   */
  readonly discarded: number;
  /** The task was running when grace ended. */
  readonly forced: number;
}

/**
 * What became of all connections of one `serve`:
 * `accepted === completed + failed + shed + lost + discarded + forced`. It is frozen.
 */
export interface ServeReport extends Omit<ServeStats, 'active' | 'queued'> {
  /** Tasks of `forced` whose handler had not settled when the report was made. */
  readonly abandoned: number;
  /**
   * What had to be ended by force, and the connections that were discarded at grace. Some are in no
   * count: handshakes, half-sent requests and upgraded sockets.
   */
  readonly stragglers: readonly Straggler[];
}

/**
 * What became of the connections that were open when the shutdown began, or were accepted after
 * that. Each is in `finished` or in `forced`. A TLS handshake counts as one connection, and so does
 * an HTTP/2 session. The report is frozen.
 */
export interface DrainReport {
  /** Ended in order: by the client, by their handler, or by `drain` when they were idle. */
  readonly finished: number;
  /** Ended by force, because they had not ended in time. */
  readonly forced: number;
  /** The connections of `forced`, each with its client. */
  readonly stragglers: readonly Straggler[];
  /** Milliseconds from the beginning of the shutdown to its end. */
  readonly duration: number;
}

/**
 * The counts of one `drain` so far. During the shutdown, `open + finished + forced` is the number
 * of connections that were open when it began, or were accepted after that.
 */
export interface DrainStats {
  /** Not ended yet. Before the shutdown, only connections from after the call are counted. */
  readonly open: number;
  /** Ended in order, since the shutdown began. */
  readonly finished: number;
  /** Ended by force. */
  readonly forced: number;
}

/** A connection, request, handshake or upgraded socket that had to be ended by force. */
export interface Straggler {
  /**
   * - `'connection'`: a connection;
   * - `'request'`: an HTTP request, whole or half sent;
   * - `'handshake'`: a TLS handshake that was not complete;
   * - `'upgrade'`: a socket that has left HTTP by an upgrade.
   */
  readonly kind: 'connection' | 'request' | 'handshake' | 'upgrade';
  /**
   * The client's address. `undefined` for a Unix socket, for a connection that is gone, and for one
   * that is not known.
   */
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  /** Milliseconds since the connection was accepted. */
  readonly age: number;
  /** The method of an HTTP request. Left out if it is not known. */
  readonly method?: string;
  /**
   * What an HTTP request asks for, without query, fragment and password. It is cut after
   * 256 characters, and left out if it is not known.
   */
  readonly url?: string;
}

/**
 * What an open connection is doing.
 *
 * - `waiting`: it waits for a slot of `serve`.
 * - `running`: a handler has it, or one of its requests is being answered. Under `drain`, any TCP,
 *   TLS or WebSocket connection.
 * - `idle`: of HTTP, without a request under way.
 * - `half a request`: of HTTP: a part of a request has come; or the request has its answer, and its
 *   body is still arriving.
 * - `flushing`: everything is written, and has not left yet.
 * - `lingering`: everything has left, and the client has not ended its side. A WebSocket client has
 *   not answered the close frame.
 * - `handshake`: its TLS handshake is not complete.
 * - `upgraded`: it has left HTTP, and belongs to the owner of the socket.
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

/** A connection that is open now, with what it is doing. */
export interface OpenConnection extends Straggler {
  readonly state: OpenState;
}
