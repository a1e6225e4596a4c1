import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { checkHandledServer, checkQuiet } from './protocols/check-server.ts';
import type { ConnectionServer } from './connection-of.ts';
import type { DrainReport, DrainStats, OpenConnection } from './reports.ts';
import { GRACE_MS, IDLE_MS } from './bounds.ts';
import { isAbortSignal, OptionCheck } from './primitives/option-check.ts';
import type { DrainingOptions } from './draining/draining.ts';
import { drainingOf } from './draining/draining-of.ts';
import { checkStop } from './shutdown/check-stop.ts';

const check: OptionCheck = new OptionCheck('Cannot drain');
const names = ['signal', 'grace', 'idle', 'quiet', 'isBusy'];
const wantedSignal = 'an AbortSignal, or left out to begin at once';

export interface DrainOptions {
  /**
   * Begins the shutdown when it aborts. Without this key, the shutdown begins at once.
   * `signal: undefined` is refused: code that failed to make a signal would stop the server at its
   * start.
   */
  signal?: AbortSignal;
  /**
   * Milliseconds from the beginning of the shutdown to its deadline. With 0, everything is ended at
   * once. Default 10 000.
   */
  grace?: number | undefined;
  /**
   * In a shutdown: how many milliseconds an idle HTTP connection has for one more request, and a
   * WebSocket client in conversation for an answer. Default 1000.
   */
  idle?: number | undefined;
  /**
   * For `net` and `tls` servers, in a shutdown: after how many milliseconds of silence a connection
   * is ended that owes nothing to its client. Default `Infinity`.
   */
  quiet?: number | undefined;
  /**
   * Called with a connection that `quiet` is about to end. If the result is truthy, something is
   * still owed, and the connection is not ended.
   */
  isBusy?: ((socket: Socket) => unknown) | undefined;
}

/**
 * The promise of the report, with members that show the connections and begin the shutdown.
 *
 * It never rejects. An `async` function that returns it gives a promise without these members.
 */
export interface Draining extends Promise<DrainReport> {
  /** The counts so far: a copy, made when you read it. */
  readonly stats: DrainStats;
  /**
   * Lists the connections that are open now, each client once, with its state. The list is made by
   * this call, in a time that grows with the number of connections. When the shutdown is over, the
   * list is empty.
   *
   * Of connections from before the call of `drain`:
   *
   * - an HTTP connection is known from its next request on;
   * - others are listed without an address, once the shutdown has begun.
   */
  open(): OpenConnection[];
  /**
   * Begins the shutdown. If a shutdown is under way, the call may move its deadline nearer.
   *
   * @param options - `grace`: milliseconds from now to the deadline. Of all calls for the server,
   * the earliest deadline counts. Without `grace`, the deadline stays as `drain` has set it.
   * @returns The report.
   * @throws `TypeError` or `RangeError` for a bad argument. Then nothing changes.
   */
  stop(options?: { grace?: number | undefined }): Promise<DrainReport>;
}

/**
 * Shuts down a server whose connections are handled by other code: a framework, a `'request'`
 * listener, the listeners of a `WebSocketServer`. The handlers go on until the end.
 *
 * Call it when the server is made, with a signal: it follows the connections that come after the
 * call. It ends earlier HTTP/1 connections, too. Of other earlier connections, it knows only the
 * number, and waits for them until `grace`.
 *
 * **How it ends.** The shutdown begins when `signal` aborts, or when other code closes the server
 * or the `WebSocketServer`. If the listener is still open, clients that wait in the kernel's queue
 * are accepted (the *last call*). The listener is closed. Then each HTTP and WebSocket client is
 * told that its connection will end. TCP and TLS connections, handshakes and upgraded sockets have
 * until `grace`.
 *
 * - TCP and TLS with `quiet`: a connection is ended when it has been silent for `quiet`
 *   milliseconds, if it owes nothing to its client. What a connection owes is judged from outside:
 *   see [the docs](../docs/draining.md#ending-silent-connections).
 * - HTTP/1: the last response of each connection says `Connection: close`, even if its handler says
 *   `keep-alive`. An idle connection has `idle` milliseconds for one more request. A connection
 *   that has never sent a byte has at least 100 ms. Half a head has the server's `headersTimeout`,
 *   and half a body its `requestTimeout`.
 * - HTTP/2: an idle session has `idle` milliseconds, too. A session that waits for an answer gets
 *   two GOAWAYs, a round trip apart. Streams that have begun finish. Later streams are refused, and
 *   the client may safely retry them.
 * - WebSocket: a client is told by the close code 1001, and has a second to answer. It is *in
 *   conversation* if it has sent a message in the last `idle` milliseconds. A client in
 *   conversation is told after `idle` without a message either way, and at the latest `idle` after
 *   the beginning. Each other client is told at once.
 *
 * The HTTP server that a `WebSocketServer` is attached to is drained as well. Once its listener is
 * closed, upgrades are answered with `503`. With `noServer`, upgrades are accepted as long as an
 * HTTP server of the process takes its last call.
 *
 * When `grace` is over, counted from the beginning, what is left is destroyed. Thousands are
 * destroyed in slices, and the event loop turns between two slices. The shutdown is over when the
 * last connection has closed, or a tenth of a second after the last one was destroyed.
 *
 * **Called again** for the same server, it joins the same shutdown. All calls get the same report.
 *
 * - The first signal to abort begins the shutdown.
 * - The earliest deadline counts.
 * - The shortest `idle` and the shortest `quiet` count, of the calls before the shutdown begins.
 *
 * **Who owns what.**
 *
 * - The server's listener is closed once, by the server's own `close()`. No method of the server is
 *   replaced. The server's errors stay its owner's.
 * - A last response gets a `writeHead()` of its own, which calls the previous one.
 * - When the shutdown is over, nothing of `drain` is left on the server or the signal. There is one
 *   exception: a server that had never listened when its signal aborted. There a listener stays,
 *   which closes the server if it is told to listen after all.
 * - Until the shutdown begins, nothing of `drain` keeps the process alive.
 *
 * @param server - A `net`, `tls`, `http`, `https`, `http2` or WebSocket server, listening or not.
 * @param options - The options, or an `AbortSignal` in their place. If they are left out, the
 * shutdown begins at once. `undefined` in their place is refused.
 * @returns The promise of the report, with `open()`, `stats` and `stop()`. It never rejects. For a
 * server that has never listened, or is closed and has no connection, the report is empty.
 * @throws `TypeError` or `RangeError` for a bad argument, before anything is attached.
 *
 * @example
 * ```ts
 * const server = app.listen(3000);
 * const drained = drain(server, { signal: shutdownSignal() });
 * // The rest of the start-up. Do not await the report before it: that comes after the stop.
 * console.log(await drained);
 * ```
 */
export function drain(server: ConnectionServer, options?: DrainOptions | AbortSignal): Draining;
export function drain(
  server: ConnectionServer,
  ...given: [options?: DrainOptions | AbortSignal]
): Draining {
  const options = checkOptions(given);
  const kind = checkHandledServer(check, server);
  checkQuiet(check, kind, options.quiet);
  const draining = drainingOf(server as EventEmitter, kind);
  const drained = draining.join(options);
  // All calls share one promise: an earlier call has added the members.
  if ('open' in drained) return drained as Draining;
  const members: Omit<Draining, keyof Promise<DrainReport>> = {
    get stats() {
      return draining.stats;
    },
    open: () => draining.open().all,
    stop: (stopOptions) => draining.stop(checkStop(check, stopOptions, Infinity)),
  };
  return Object.defineProperties(
    drained,
    Object.getOwnPropertyDescriptors(members),
  ) as object as Draining;
}

function checkOptions(given: [options?: DrainOptions | AbortSignal]): DrainingOptions {
  const [options = {}] = given;
  check.object('options', options, 'an object or an AbortSignal');
  const all: DrainOptions = isAbortSignal(options) ? { signal: options } : options;
  check.known(names, all);
  const { signal, grace = GRACE_MS, idle = IDLE_MS, quiet = Infinity, isBusy } = all;
  // `undefined` does not count as left out: that would close the server at start-up, silently.
  const isMissing = given.length > 0 && given[0] === undefined;
  if (isMissing || (signal === undefined && 'signal' in all)) {
    throw check.error(TypeError, isMissing ? 'options' : 'signal', wantedSignal, undefined);
  }
  check.signal(signal);
  check.duration('grace', grace);
  check.duration('idle', idle);
  check.duration('quiet', quiet);
  if (isBusy !== undefined) check.function('isBusy', isBusy);
  return { signal, grace, idle, quiet, isBusy };
}
