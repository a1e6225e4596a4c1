import type { EventEmitter } from 'node:events';
import type { AcceptEventOptions, AcceptLoopOptions } from './accept-loop.ts';
import { checkQuiet, checkServer } from './protocols/check-server.ts';
import { ConnectionServing, type ServingOptions } from './serving/serving.ts';
import type { ConnectionOf, ConnectionServer } from './connection-of.ts';
import type { ServeContext } from './serving/task-context.ts';
import { disposeKey } from './primitives/dispose-key.ts';
import { FLUSH_MS, GRACE_MS, IDLE_MS, LINGER_MS, MAX_QUEUED } from './bounds.ts';
import { isAbortSignal, OptionCheck } from './primitives/option-check.ts';
import { checkStop } from './shutdown/check-stop.ts';
import type { IsBusy } from './protocols/quiet.ts';
import type { OpenConnection, ServeReport, ServeStats } from './reports.ts';

const check: OptionCheck = new OptionCheck('Cannot serve');
const names = [
  'signal',
  'maxQueued',
  'event',
  'concurrency',
  'grace',
  'idle',
  'linger',
  'flush',
  'quiet',
  'isBusy',
  'onError',
];

/** Serves one connection. What it returns is awaited if it is a promise. */
export type ServeHandler<Connection> = (connection: Connection, context: ServeContext) => unknown;

export interface ServeOptions<Connection> extends AcceptLoopOptions {
  /** How many tasks may run at once; further connections wait in the queue. Default `Infinity`. */
  concurrency?: number | undefined;
  /** Milliseconds from the shutdown's beginning to its deadline. Default 10 000. */
  grace?: number | undefined;
  /** Milliseconds of a shutdown that an idle HTTP connection has for one more request. Default 1000. */
  idle?: number | undefined;
  /** Milliseconds in which a client has to end its side once it has been sent all. Default 1000. */
  linger?: number | undefined;
  /** Milliseconds in which what a handler has written, or a response, has to leave. Default 60 000. */
  flush?: number | undefined;
  /**
   * Of sockets: milliseconds of silence after which, in a shutdown, a connection is ended that owes
   * nothing to its client. Default `Infinity`.
   */
  quiet?: number | undefined;
  /** Asked of a connection that `quiet` is about to end: whether something is owed nevertheless. */
  isBusy?: ((connection: Connection) => unknown) | undefined;
  /**
   * Called once with what a handler has thrown, unless it only says what is known: that the
   * connection has failed, or that a signal has aborted. Without it, such an error becomes a
   * process warning.
   */
  onError?: ((error: unknown, connection: Connection) => unknown) | undefined;
}

export interface ServeEventOptions<Connection>
  extends ServeOptions<Connection>, AcceptEventOptions {}

/** A server that is being served. */
export interface Serving {
  /** Settles when nothing of it is left. Rejects only with what kept the server from listening. */
  readonly finished: Promise<ServeReport>;
  /** What has become of the connections so far: a copy, made when it is read. */
  readonly stats: ServeStats;
  /**
   * The connections that are open now, each client once, with what it is doing. The list is made by this
   * call, in a time that grows with their number. A handler that runs is listed though its client has
   * gone. When the serving is over, there are none.
   */
  open(): OpenConnection[];
  /**
   * Begins the shutdown, or makes one that is under way harder.
   *
   * @param options - `grace`: milliseconds from now to the deadline; an earlier one stands. Default:
   * that of `serve`.
   * @returns `finished`. A handler that awaits it waits for itself, until the deadline.
   * @throws `TypeError` or `RangeError` for a bad argument: the shutdown does not begin then.
   */
  stop(options?: { grace?: number | undefined }): Promise<ServeReport>;
  /** Stops, and waits until nothing is left. Never rejects: `finished` does. */
  [Symbol.asyncDispose](): Promise<void>;
}

type AnyOptions = ServeOptions<never> & { event?: string | undefined };

/**
 * Serves a server's connections: a task for each, and none outlives the serving.
 *
 * The server may be listening already or be told to later. Connections come as from `acceptLoop`:
 * a socket, `[request, response]`, `[webSocket, request]`, or an event's arguments.
 *
 * **The async context** of a handler is that of the event that brought its connection, whether it
 * had to wait for a slot or not. `onError` and the listeners of its signals run in it, too.
 *
 * **A task** lasts as long as the promise that the handler returns; where it returns none, until
 * the connection closes; that of an HTTP request in any case until its response has closed. At most
 * `concurrency` run at once, in order of arrival. A handler that fails takes its own connection
 * down (HTTP: `500`, where nothing was sent yet), and no other.
 *
 * **What a handler leaves** is closed: what it has written is flushed, input that nobody reads is
 * discarded until the client has ended its side, for `linger` milliseconds, and the connection
 * destroyed. Leaving a `for await` over the socket does not destroy it.
 *
 * **How it ends.** By `signal`, `stop()`, disposal or somebody's `server.close()`: `draining`
 * aborts, the last call is taken, the listener closed; clients under way are served to their end.
 * When `grace` is over, counted from the beginning, `signal` aborts and what is left is destroyed:
 * TLS handshakes, half-sent requests and upgraded sockets, too; thousands in slices, between which
 * the event loop turns. It is over a tenth of a second after grace, and not before the last one is
 * destroyed, whatever handlers do. An emitter whose `close()` may end what it has brought is closed
 * after the last task, or at grace.
 *
 * **With `quiet`** a socket is ended as soon as that was silent for so long in the shutdown: not
 * before the listener is closed, and only where nothing is owed, as far as it is seen from outside
 * ([docs](../docs/serving.md#ending-silent-connections)). Its handler sees the end of its input, and
 * counts as completed unless it fails otherwise.
 *
 * **Who owns what.** The listener and the connections are the serving's from this call on; a
 * handler has one until it ends. When it is over, nothing of it is left on the server or the
 * signal, and no connection is open. What still comes over an HTTP or TLS server is refused, as
 * after an `acceptLoop`.
 *
 * @param server - As for `acceptLoop`.
 * @param handler - Called with each connection, and a context with the signals of its task.
 * @param options - Or the signal alone.
 * @returns What tells of the end, and brings it.
 * @throws `TypeError` or `RangeError` for a bad argument, with nothing attached; `Error` when the
 * server has a live loop already.
 *
 * @example
 * ```ts
 * const echo = async (socket: Socket) => {
 *   for await (const chunk of socket) socket.write(chunk);
 * };
 * const report = await serve(server, echo, { signal: shutdownSignal() }).finished;
 * ```
 */
export function serve<Server extends ConnectionServer>(
  server: Server,
  handler: ServeHandler<ConnectionOf<Server>>,
  options?: (ServeOptions<ConnectionOf<Server>> & { event?: undefined }) | AbortSignal,
): Serving;
export function serve<Arguments extends unknown[] = unknown[]>(
  emitter: Pick<EventEmitter, 'on' | 'off'>,
  handler: ServeHandler<Arguments>,
  options: ServeEventOptions<Arguments>,
): Serving;
export function serve(
  server: unknown,
  handler: ServeHandler<never>,
  options: AnyOptions | AbortSignal = {},
): Serving {
  check.object('options', options, 'an object or an AbortSignal');
  const { event, ...all } = checkOptions(isAbortSignal(options) ? { signal: options } : options);
  check.function('handler', handler);
  const kind = checkServer(check, server, event);
  checkQuiet(check, kind, all.quiet);
  const serving = new ConnectionServing(server as EventEmitter, kind, handler, all);
  const asyncDispose: typeof Symbol.asyncDispose = disposeKey('asyncDispose');
  return {
    finished: serving.finished,
    get stats() {
      return serving.stats;
    },
    open: () => serving.open().all,
    stop: (stopOptions) => serving.stop(checkStop(check, stopOptions, all.grace)),
    [asyncDispose]: () => serving.dispose(),
  };
}

type CheckedOptions = ServingOptions<never> & { event: unknown };

function checkOptions(options: AnyOptions): CheckedOptions {
  check.known(names, options);
  const { signal, event, isBusy, onError, ...others } = options;
  const { maxQueued = MAX_QUEUED, concurrency = Infinity } = others;
  const { grace = GRACE_MS, idle = IDLE_MS, linger = LINGER_MS, flush = FLUSH_MS } = others;
  const { quiet = Infinity } = others;
  check.signal(signal);
  check.count('maxQueued', maxQueued, { from: 0 });
  check.count('concurrency', concurrency, { from: 1 });
  for (const [name, value] of Object.entries({ grace, idle, linger, flush, quiet })) {
    check.duration(name, value);
  }
  if (isBusy !== undefined) check.function('isBusy', isBusy);
  if (onError !== undefined) check.function('onError', onError);
  const times = { grace, idle, linger, flush, quiet };
  return { signal, event, maxQueued, concurrency, ...times, isBusy: isBusy as IsBusy, onError };
}
