// Where Bun and Deno differ from Node. Both claim to be Node in `process.versions`.

const isBun = 'bun' in process.versions;
export const isDeno: boolean = 'deno' in process.versions;

/** On Bun, `close()` of an HTTP server always ends idle connections, even those hidden from it. */
export const closesIdleWithListener: boolean = isBun;

/** On Bun, a server reports no connections once its listener is closed. */
export const forgetsCount: boolean = isBun;

/** On Bun, the HTTP/2 server tells that a stream has begun, and the session does not. */
export const tellsStreams: boolean = !isBun;

/** The `nextStreamID` of an HTTP/2 session of Bun counts the streams of its client, too. */
export const countsAllStreams: boolean = isBun;

/** Bun tells some turns late that a connection has closed. Until then it counts as open. */
export const tellsCloseLate: boolean = isBun;

/**
 * Bun replaces the WebSocket of ws by its own. The `bufferedAmount` of that is right, and it notes a
 * close frame as sent before that has left.
 */
export const hasOwnWebSocket: boolean = isBun;

/**
 * For a socket file, Bun reports every failure of `connect(2)` as ECONNREFUSED (oven-sh/bun#39579).
 * So it reports ECONNREFUSED for a server that is too busy to accept, too.
 */
export const confusesRefusals: boolean = isBun;

/** Deno accepts many connections ahead of JavaScript, even if nothing is read from the others. */
export const acceptsAhead: boolean = isDeno;

/** Deno itself ends the connection of an upload, and never tells that such a request is over. */
export const endsUploads: boolean = isDeno;

/** On Deno, the errors of `events.once()` and `events.on()` do not tell which abort ended them. */
export const hidesAbortCause: boolean = isDeno;

/** On Bun and Deno, `closeIdleConnections()` also ends connections with half a request. */
export const closesHalfRequests: boolean = isBun || isDeno;

/** On Node, what was written has reached the kernel when `writableLength` is 0. */
export const closesAtOnce: boolean = !(isBun || isDeno);

/** Bun publishes on no channel of `node:net`, so it does not tell that a server listens. */
export const tellsListening: boolean = !isBun;
