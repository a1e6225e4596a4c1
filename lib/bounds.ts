import { isDeno } from './primitives/runtime.ts';

// Every default and every bound, with its reason. `_MS` means milliseconds. Each thing that a
// client can do is limited by one of these. SECURITY.md and docs/api.md quote them, and
// spec/bounds.spec.ts compares them.

// The defaults of options.

/** `maxQueued`. Linux' default of `somaxconn`: as many as may wait in the kernel's queue. */
export const MAX_QUEUED: number = 4096;
/** How many consumers share one iterator of events-to-async. Each ticket copies a long list of them. */
export const MAX_LINE: number = 1000;
/** `grace`. Less than the 30 seconds that supervisors wait between SIGTERM and SIGKILL. */
export const GRACE_MS: number = 10_000;
/** `idle`. If an idle client has just sent a request, it arrives within this time. */
export const IDLE_MS: number = 1000;
/** `linger`. Some round trips, for a client that still has to read what the kernel holds for it. */
export const LINGER_MS: number = 1000;
/** `flush`. Enough for a slow client to receive the last megabytes. */
export const FLUSH_MS: number = 60_000;
/** `backlog`. `somaxconn` again. Node's 511 is full if 512 clients come while the loop is busy. */
export const BACKLOG: number = 4096;

// Silence of TCP connections.

/** How many looks there are in the time of `quiet`. A silence may last a quarter longer. */
export const QUIET_LOOKS: number = 4;
/** The longest pause between two looks, unless `QUIET_PAUSE` makes it longer. */
export const QUIET_LOOK_MS: number = 1000;
/**
 * How many times longer the pause between two looks is than a look, at least. A look takes about
 * two microseconds for each connection: a fifth of a second for 100 000, in slices.
 */
export const QUIET_PAUSE: number = 10;

// The last call.

/**
 * How long the last call may take. A flood of clients leaves no empty turn. Half a second is fifty
 * times what an ordinary burst needs. It is short, compared with the seconds that a supervisor
 * waits after SIGTERM. It counts from the last pause in the first tenth of a second: clients that
 * come back lose no time to the handlers that ran in that pause.
 */
export const LAST_CALL_MS: number = 500;
/**
 * How many connections the last call may take, without requests on open connections. A TLS
 * connection counts once more after its handshake. The accept queue is first in, first out, and can be
 * no longer than 65 535 (`somaxconn` is 4096 unless raised). So connections after that number have
 * come after the abort.
 */
export const LAST_CALL_CONNECTIONS: number = 65_535;
/**
 * After how many turns without an accept the queue counts as empty. One would do for libuv, which
 * accepts one connection a turn since 1.45. The second is for runtimes that accept in batches.
 */
export const EMPTY_TURNS: number = 2;
/**
 * How short the turn before the close has to be. A client that connects between the last look at
 * the queue and the close is reset. If the process was not scheduled for a while, its last look was
 * long ago. An empty turn takes about 0.01 ms.
 */
export const BRIEF_MS: number = 0.1;
/**
 * How long a pause has to be to end a burst. The clients of one burst come a fraction of that
 * apart. Deno accepts ahead of JavaScript and needs longer (docs/decisions/0001-last-call.md).
 */
export const PAUSE_MS: number = isDeno ? 20 : 10;
/** How long the last call waits for such a pause. A steady stream of clients may leave none. */
export const PAUSE_PATIENCE_MS: number = 150;
/**
 * For how long the last call hands out connections in pauses. Until then, clients that come back as
 * soon as they are answered leave no pause that is long enough to end it.
 */
export const HANDING_OUT_MS: number = 100;
/**
 * How long the last call waits for a brief turn. A busy process may never have one, and waiting
 * until `LAST_CALL_MS` would not help it.
 */
export const BRIEF_PATIENCE_MS: number = 200;

// Looks, where there is no event.

/**
 * How often a server is asked whether it still listens. If other code closes the listener while a
 * connection lives, Node has no event for that: `'close'` waits for the last connection. The docs
 * promise 250 ms. This is less, because a timer may be late.
 */
export const LISTENING_CHECK_MS: number = 200;
/**
 * How often to look for connections that have gone without an event, while a slot or a shutdown
 * waits. So they delay it by no more than this.
 */
export const SWEEP_MS: number = 200;
/** If nothing waits, only every fifth look is made. To free memory, once a second is enough. */
export const SWEEP_LOOKS: number = 5;
/** With a `flush` shorter than this, every look is made, as if something waited. */
export const HURRIED_FLUSH_MS: number = 5000;
/** How often a draining server is asked how many connections it has. */
export const COUNT_MS: number = 100;
/**
 * After how many such counts of 0 in a row a server that listens no more has closed. Its `'close'`
 * comes in between, unless other code has removed the listener for it.
 */
export const EMPTY_COUNTS: number = 2;
/**
 * How often a worker of a cluster looks whether it was told to disconnect. The event `'disconnect'`
 * comes only after the last connection has closed. 50 ms are short compared with any grace, and no
 * load.
 */
export const WORKER_LOOK_MS: number = 50;

// The end of a shutdown.

/**
 * How long a slice takes. It delays other work of the process by two to three times as much. Node
 * closes in the same turn what the slice has ended, and the handlers learn of it.
 */
export const SLICE_MS: number = 5;
/**
 * The least time that one shutdown has in a turn, if many share the slice. So a small one is done
 * in one turn, even while others go on.
 */
export const LEAST_SLICE_MS: number = 1;
/**
 * For how long after a deadline connections are ended in slices. The rest is ended in one go: with
 * thousands, slices take longer than the end may come late.
 */
export const SLICES_LATE_MS: number = 100;
/**
 * With `grace: 0`: which part of the time after that the slices must have, at least: a quarter. With
 * less, handlers compute between two slices, and the rest is ended in one go. What Node does leaves
 * the slices half.
 */
export const SLICES_SHARE: number = 4;
/** How long handlers have to notice that grace is over. */
export const NOTICE_MS: number = 100;
/**
 * Up to this many handlers have a turn to notice it even after that time, in which the process was
 * busy. Node closes their sockets in a few milliseconds.
 */
export const FEW_HANDLERS: number = 100;
/** How long connections that `drain` has ended by force have to close. */
export const GONE_MS: number = 100;

// What is shown of connections.

/**
 * How many characters of a request's URL, or method, are shown. A client may send 16 384, and ten
 * thousand stragglers may each have a URL.
 */
export const SHOWN_URL: number = 256;
/** How often the progress of a shutdown is published and printed. */
export const PROGRESS_MS: number = 1000;
/** How many connections `NODE_DEBUG=accept-loop` prints each time. More would fill the screen. */
export const PRINTED_CONNECTIONS: number = 10;

// A task of `serve`.

/**
 * How many connections may linger at once. It bounds what is held by clients that neither leave nor
 * end their side. With a thousand answers a second, a thousand linger in a `linger` of one second.
 */
export const MAX_LINGERING: number = 1024;
/** How many errors of a chain of causes are looked at. A getter could add one more each time. */
export const LONGEST_CHAIN: number = 10;

// HTTP.

/**
 * How long a connection that has never sent a byte has, at least. Its client may have been accepted
 * a moment ago, in the last call, and its first request may be on the way.
 */
export const FIRST_REQUEST_MS: number = 100;
/**
 * After what time the event loop has certainly read a socket. Timers come before input. On Bun and
 * Deno, an immediate does not always come after input.
 */
export const LOOK_AGAIN_MS: number = 10;
/** How often to look for connections that only seem to have sent half a request. */
export const STRAY_CHECK_MS: number = 100;
/**
 * How long to wait for the body of a refused request: one with `Expect: 100-continue` that was
 * answered without `100`, after which most clients send no body; or one that was answered `503`.
 */
export const REFUSED_BODY_MS: number = 1000;
/** How long a `408` may take to leave. The client may not have read earlier answers yet. */
export const TIMEOUT_ANSWER_MS: number = 1000;
/** How long the second GOAWAY waits, at most, for the client to read the first. */
export const ROUND_TRIP_MS: number = 100;
/** After how many seconds a refused client may come back. By then the next instance listens. */
export const RETRY_AFTER_S: number = 1;

// WebSockets.

/** How often to look which clients talk, and which have answered. ws has no event for either. */
export const CLIENTS_LOOK_MS: number = 100;
/**
 * How many of these looks a client has to answer the close frame and leave, once everything has
 * been sent to it: a second. Looks are counted, not time: between two looks the event loop reads,
 * however busy it was.
 */
export const ANSWER_LOOKS: number = 10;
/**
 * How long before a deadline that comes soon the clients are told, so that they have this time to
 * answer. If half of the time to the deadline is less, that half.
 */
export const GOODBYE_MS: number = 1000;
/** How soon to look whether everything has been sent. ws has no event for that. */
export const FLUSH_CHECK_MS: number = 20;
/** Each further look comes after twice the time, up to this. Ten thousand clients may read nothing. */
export const FLUSH_CHECK_MOST_MS: number = 1000;

// Signals.

/**
 * For how long after the first request to stop a further one repeats it, whatever its kind. One
 * stop often arrives as several signals:
 *
 * - npm sends Ctrl-C again after 0.2 to 1 ms.
 * - Apollo Server raises its signal again after 15 ms.
 * - nodemon sends its signal two or three times within 70 ms.
 * - concurrently sends it again after 92 to 105 ms.
 *
 * A person who presses Ctrl-C twice on purpose is slower.
 */
export const REPETITION_MS: number = 250;

// A process that is registered.

/** How long the primary of a cluster waits for its workers after grace. They begin later. */
export const WORKERS_MS: number = 1000;

// Socket files.

/** How long other processes may take to replace the same file. They need 2 to 3 ms. */
export const REPLACING_MS: number = 5000;
/** How long a live server may take to end the connection of the probe. */
export const PROBE_MS: number = 1000;
