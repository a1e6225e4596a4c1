// What Bun and Deno do otherwise than Node, which both say that they are.

const isBun = 'bun' in process.versions;
export const isDeno: boolean = 'deno' in process.versions;

/** Bun's `close()` of an HTTP server ends its idle connections, whatever is hidden from it. */
export const closesIdleWithListener: boolean = isBun;

/** Bun's servers say that they have no connections once the listener is closed. */
export const forgetsCount: boolean = isBun;

/** Of Bun's HTTP/2 sessions it is their server that says that a stream has begun. */
export const tellsStreams: boolean = !isBun;

/** Bun says some turns late that a connection has closed: it is counted as open until then. */
export const tellsCloseLate: boolean = isBun;

/** Bun puts a WebSocket of its own in the place of that of ws. Its `bufferedAmount` is right. */
export const hasOwnWebSocket: boolean = isBun;

/**
 * Bun says ECONNREFUSED of a socket file whatever `connect(2)` says (oven-sh/bun#39579): of a server
 * that is too busy to accept, too.
 */
export const confusesRefusals: boolean = isBun;

/** Deno accepts many connections ahead of JavaScript, whatever is read of the others. */
export const acceptsAhead: boolean = isDeno;

/** Deno ends the connection of an upload itself, and never tells that such a request is over. */
export const endsUploads: boolean = isDeno;

/** `events.once()` and `events.on()` of Deno do not say which abort has ended them. */
export const hidesAbortCause: boolean = isDeno;

/** On Bun and Deno `closeIdleConnections()` ends connections that wait for half a request as well. */
export const closesHalfRequests: boolean = isBun || isDeno;

/** Bun publishes no channel of `node:net`: nothing tells of a server that listens. */
export const tellsListening: boolean = !isBun;

/** Node prints process warnings by a listener, unless it was told not to. */
export const warnsByListener: boolean = !(isBun || isDeno);
