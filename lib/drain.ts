import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { checkHandledServer, checkQuiet } from './protocols/check-server.ts';
import type { ConnectionServer } from './connection-of.ts';
import type { DrainReport, DrainStats, OpenConnection } from './reports.ts';
import { GRACE_MS, IDLE_MS } from './bounds.ts';
import { isAbortSignal, OptionCheck } from './primitives/option-check.ts';
import { drainingOf, type DrainingOptions } from './draining/draining.ts';
import { checkStop } from './shutdown/check-stop.ts';

const check: OptionCheck = new OptionCheck('Cannot drain');
const names = ['signal', 'grace', 'idle', 'quiet', 'isBusy'];
const wantedSignal = 'an AbortSignal, or left out to begin at once';

export interface DrainOptions {
  /**
   * Begins the shutdown when it aborts. Without this key the shutdown begins at once. A key whose
   * value is `undefined` is refused: something should have made a signal, and has not.
   */
  signal?: AbortSignal;
  /** Milliseconds from the shutdown's beginning to its deadline. Default 10 000. */
  grace?: number | undefined;
  /**
   * Milliseconds of a shutdown that an idle HTTP connection has for one more request, and a WebSocket
   * client in conversation for its answer. Default 1000.
   */
  idle?: number | undefined;
  /**
   * Of a `net` or `tls` server: milliseconds of silence after which, in a shutdown, a connection is
   * ended that owes nothing to its client. Default `Infinity`.
   */
  quiet?: number | undefined;
  /** Asked of a connection that `quiet` is about to end: whether something is owed nevertheless. */
  isBusy?: ((socket: Socket) => unknown) | undefined;
}

/**
 * A server that is drained, or will be: the promise of the report. It never rejects. An `async` function
 * that returns it gives a promise without the rest.
 */
export interface Draining extends Promise<DrainReport> {
  /** The counts so far: a copy, made when it is read. */
  readonly stats: DrainStats;
  /**
   * The connections that are open now, each client once, with what it is doing. The list is made by this
   * call, in a time that grows with their number. From before the call of `drain`, those of HTTP are
   * known from their next request on; others are listed without an address once the shutdown has
   * begun. When the shutdown is over, there are none.
   */
  open(): OpenConnection[];
  /**
   * Begins the shutdown, or makes one that is under way harder.
   *
   * @param options - `grace`: milliseconds from now to the deadline. The earliest counts, of all calls
   * for the server. Without it, `stop` begins the shutdown, and does not shorten one under way.
   * @returns The report.
   * @throws `TypeError` or `RangeError` for a bad argument: nothing changes then.
   */
  stop(options?: { grace?: number | undefined }): Promise<DrainReport>;
}

/**
 * Shuts a server down whose connections somebody else handles: a framework, a `'request'` listener,
 * the listeners of a `WebSocketServer`. They go on handling what comes until the end.
 *
 * Call it when the server is made, with a signal: it knows the connections that come from then on.
 * Of earlier ones it ends those of HTTP; the others it can only wait for.
 *
 * **How it ends.** By `signal`, or by somebody's `close()` of the server or of the `WebSocketServer`: the last call is taken, and the
 * listener closed. TCP and TLS connections, handshakes and upgraded sockets have until `grace`; of
 * the others each is told then that it is to end.
 *
 * - TCP and TLS with `quiet`: a connection is ended as soon as that was silent for so long, where
 *   nothing is owed, as far as it is seen from outside ([docs](../docs/draining.md#ending-silent-connections)).
 * - HTTP/1: the last response of each connection says `Connection: close`, also where its handler
 *   says `keep-alive`. An idle connection has `idle` milliseconds for one more request, one that
 *   never sent a byte 100 at the least; half a request has the server's `headersTimeout`.
 * - HTTP/2: an idle session has `idle`, too. One that waits for an answer gets two GOAWAYs, a round
 *   trip apart. Streams that were begun finish; later ones are refused, which is safe to retry.
 * - WebSocket: clients are closed with 1001 and have a second to answer. A client is in conversation
 *   if a message has come from it in the last `idle` milliseconds: it is told when for `idle` none has
 *   come or been sent, and when `idle` has passed since the beginning at the latest. The others are
 *   told at once. The HTTP server that the `WebSocketServer` is attached to is drained as well, and
 *   answers upgrades with `503`. With `noServer`, upgrades are let in as long as an HTTP server of the
 *   process takes its last call.
 *
 * When `grace` is over, counted from the beginning, what is left is destroyed; thousands in slices,
 * between which the event loop turns. It is over when the last one has closed, or a tenth of a second
 * after the last one was destroyed.
 *
 * **Called again** for the same server, it joins the shutdown: the first signal begins it, the
 * earliest deadline counts, and of the calls before it begins the shortest `idle` and `quiet`. All get the
 * same report.
 *
 * **Who owns what.** The server's listener is closed once, by its own `close()`; no method of it is
 * replaced. A last response has a `writeHead()` of its own, which calls the one that it had. Its errors stay its owner's. When it is over, nothing of it is left on the server or
 * the signal, and nothing of it keeps a process running until it begins. One exception: on a server
 * that had never listened when its signal aborted, a listener stays that closes it if it is told to
 * listen after all.
 *
 * @param server - A `net`, `tls`, `http`, `https`, `http2` or WebSocket server, listening or not.
 * @param options - Or the signal alone. Left out, the shutdown begins at once; `undefined` in its
 * place is refused.
 * @returns A promise of the report, which also tells what is open, and stops the server. Never rejects;
 * for a server that is closed or has never listened the report is empty.
 * @throws `TypeError` or `RangeError` for a bad argument, with nothing attached.
 *
 * @example
 * ```ts
 * const server = app.listen(3000);
 * const drained = drain(server, { signal: shutdownSignal() });
 * // The rest of the start-up. Do not await the report before it: it comes when the server has stopped.
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
  // All calls share it.
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
  // Not as if it were left out: that would close the server at start-up, and without a word.
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
