import { isDeno } from './primitives/runtime.ts';

// Every default and every bound, with its reason. `_MS` is milliseconds. What a client can do ends at
// one of these: SECURITY.md and docs/api.md quote them, and spec/bounds.spec.ts compares.

// The defaults of options.

/** `maxQueued`. Linux' own `somaxconn`: no more wait here than may wait in the kernel's queue. */
export const MAX_QUEUED: number = 4096;
/** `grace`. Less than the half minute that supervisors wait between SIGTERM and SIGKILL. */
export const GRACE_MS: number = 10_000;
/** `idle`. An idle client's next request has come by then, if it was about to cross the shutdown. */
export const IDLE_MS: number = 1000;
/** `linger`. Some round trips, for a client that has still to read what the kernel holds for it. */
export const LINGER_MS: number = 1000;
/** `flush`. For the last megabytes of a slow client. */
export const FLUSH_MS: number = 60_000;
/** `backlog`. `somaxconn` again: Node's 511 is full when 512 clients come while the loop is busy. */
export const BACKLOG: number = 4096;

// Silence of TCP connections.

/** In how many looks a silence of `quiet` is seen: it may last a quarter longer. */
export const QUIET_LOOKS: number = 4;
/** How often to look at least. */
export const QUIET_LOOK_MS: number = 1000;
/**
 * How much longer the pause between two looks is than a look, at the least. A look takes some two
 * microseconds a connection: with 100 000 of them a fifth of a second, in slices.
 */
export const QUIET_PAUSE: number = 10;

// The last call.

/**
 * How long the last call may take. A flood leaves no empty turn. Half a second is fifty times what an
 * ordinary burst needs, and short beside the seconds that a supervisor waits after SIGTERM. It counts
 * from the last pause of the first tenth of a second: handing out in that pause takes no time from the
 * clients that come back.
 */
export const LAST_CALL_MS: number = 500;
/**
 * How many connections the last call may take. The accept queue is first in, first out, and is never
 * made longer than 65 535 (`somaxconn` is 4096 unless raised): what comes after so many has come
 * after the abort.
 */
export const LAST_CALL_CONNECTIONS: number = 65_535;
/**
 * How many turns without an accept mean that the queue is empty. libuv accepts one connection a turn
 * since 1.45, so that one would do. The second is for runtimes that accept in batches.
 */
export const EMPTY_TURNS: number = 2;
/**
 * How short the turn before the close has to be. A client that connects between the last look at the
 * queue and the close is reset, and a process that was not scheduled for a while has looked long ago.
 * An empty turn takes about 0.01 ms.
 */
export const BRIEF_MS: number = 0.1;
/**
 * How long a pause has to be to end a burst. Clients of one burst come a fraction of that apart. Deno
 * accepts ahead of JavaScript and needs longer (docs/decisions/0001-last-call.md).
 */
export const PAUSE_MS: number = isDeno ? 20 : 10;
/** How long the last call waits for such a pause: a steady stream may not have one. */
export const PAUSE_PATIENCE_MS: number = 150;
/**
 * For how long the last call hands connections out when it meets a pause. Clients that come back as
 * soon as they are answered leave no longer pause before that.
 */
export const HANDING_OUT_MS: number = 100;
/**
 * How long the last call waits for a brief turn: a busy process may not have one, and would be no
 * better off at the bound.
 */
export const BRIEF_PATIENCE_MS: number = 200;

// Looks, where there is no event.

/**
 * How often a server is asked whether it still listens. Node has no event for a listener that somebody
 * closes while a connection lives: `'close'` waits for the last one. The 250 ms that are promised,
 * less what a timer may be late.
 */
export const LISTENING_CHECK_MS: number = 200;
/**
 * How often to look for what has gone unheard, while a slot or a shutdown waits: it holds them for no
 * longer.
 */
export const SWEEP_MS: number = 200;
/** Every fifth time while nothing waits: a second is soon enough for memory. */
export const SWEEP_LOOKS: number = 5;
/** With a shorter `flush`, what leaves is looked at as often as if something waited. */
export const HURRIED_FLUSH_MS: number = 5000;
/** How often a draining server is asked how many connections it has. */
export const COUNT_MS: number = 100;
/**
 * How often a worker of a cluster looks whether it was told to disconnect: `'disconnect'` comes after
 * the last connection has closed. Short beside any grace, and no load.
 */
export const WORKER_LOOK_MS: number = 50;

// The end of a shutdown.

/** How long a slice of ends takes: whatever else the process does is late by no more. */
export const SLICE_MS: number = 10;
/** How long after a deadline ends come in slices. What is left then is done in one go. */
export const SLICES_LATE_MS: number = 100;
/** How long handlers have to notice that grace is over. */
export const NOTICE_MS: number = 100;
/** How long what `drain` has ended by force has to be gone. */
export const GONE_MS: number = 100;

// What is told of connections.

/**
 * How many characters of a request's URL, or method, are shown: a client may send 16 384, and of ten
 * thousand stragglers each has its own.
 */
export const SHOWN_URL: number = 256;
/** How often those that wait for a stop are told how far it is. */
export const PROGRESS_MS: number = 1000;
/** How many connections `NODE_DEBUG=accept-loop` prints each time: a screen is not scrolled away. */
export const PRINTED_CONNECTIONS: number = 10;

// A task of `serve`.

/**
 * How many connections may linger at once. It bounds what clients hold that neither leave nor say that
 * they have read everything. A thousand is a second's worth at a thousand answers a second.
 */
export const MAX_LINGERING: number = 1024;
/** Through how many errors a cause is looked for. A getter may make one more each time. */
export const LONGEST_CHAIN: number = 10;

// HTTP.

/**
 * How long a connection that has never sent a byte is waited for at the least: its client was accepted
 * a moment ago, perhaps in the last call, and its first request is on the way.
 */
export const FIRST_REQUEST_MS: number = 100;
/**
 * How long it takes until a socket has been looked at for certain. Timers come before input, and an
 * immediate is not always after it on Bun and Deno.
 */
export const LOOK_AGAIN_MS: number = 10;
/** How often to look for what only seems to be half a request. */
export const STRAY_CHECK_MS: number = 100;
/**
 * How long to wait for the body of a request whose client has asked whether to send it
 * (`Expect: 100-continue`) and was answered instead. Most send none.
 */
export const REFUSED_BODY_MS: number = 1000;
/** How long a `408` may take to leave: the client may not have read earlier answers. */
export const TIMEOUT_ANSWER_MS: number = 1000;
/** How long the second GOAWAY waits until the client has read the first. */
export const ROUND_TRIP_MS: number = 100;
/** Seconds after which a refused client may come back: the next instance is there by then. */
export const RETRY_AFTER_S: number = 1;

// WebSockets.

/** How often to look which clients talk, and which have not answered: ws has no event for either. */
export const CLIENTS_LOOK_MS: number = 100;
/**
 * How many of these looks a client has to answer the close frame, and to leave, once it has been sent
 * everything: a second. Looks, and not time: however long the event loop was busy, it reads between
 * two of them.
 */
export const ANSWER_LOOKS: number = 10;
/**
 * How long before a deadline that comes soon the clients are told: so long they have to answer. Half
 * of the time, if that is less.
 */
export const GOODBYE_MS: number = 1000;
/** How often to look whether everything has been sent: ws has no event for that. */
export const FLUSH_CHECK_MS: number = 20;
/**
 * In how many of these looks a socket has to be empty until everything counts as sent, though
 * `bufferedAmount` says otherwise: what is being compressed is in no count of the socket for so long,
 * at most.
 */
export const SENT_LOOKS: number = 10;

// Signals.

/**
 * How long a request to stop repeats the first one, by whatever means it comes. One stop often arrives
 * as several signals: npm sends Ctrl-C again after 0.2 to 1 ms, nodemon sends its signal two or three
 * times within 70 ms, concurrently again after 92 to 105 ms, and Apollo Server raises it again after
 * 15 ms. A person who presses Ctrl-C twice on purpose is slower.
 */
export const REPETITION_MS: number = 250;

// A process that is registered.

/** How long the primary of a cluster waits for its workers after grace, which they begin to count later. */
export const WORKERS_MS: number = 1000;

// Socket files.

/** How long others may take to replace the same file. It takes them two or three. */
export const REPLACING_MS: number = 5000;
/** How long a live server may take to end the connection of the probe. */
export const PROBE_MS: number = 1000;
