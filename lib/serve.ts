import type { EventEmitter } from 'node:events';
import type { AcceptEventOptions, AcceptLoopOptions } from './accept-loop.ts';
import { checkQuiet, checkServer } from './protocols/check-server.ts';
import { checkServingOptions } from './serving/serving-options.ts';
import { ConnectionServing } from './serving/serving.ts';
import type { ConnectionOf, ConnectionServer } from './connection-of.ts';
import type { ServeContext } from './serving/task-context.ts';
import { disposeKey } from './primitives/dispose-key.ts';
import { isAbortSignal, OptionCheck } from './primitives/option-check.ts';
import { checkStop } from './shutdown/check-stop.ts';
import type { OpenConnection, ServeReport, ServeStats } from './reports.ts';

const check: OptionCheck = new OptionCheck('Cannot serve');

/** Serves one connection, in a task of its own. `serve` says how long that lasts. */
export type ServeHandler<Connection> = (connection: Connection, context: ServeContext) => unknown;

export interface ServeOptions<Connection> extends AcceptLoopOptions {
  /**
   * How many tasks may run at once. Further connections wait in the queue. A whole number from 1,
   * or `Infinity`, the default.
   */
  concurrency?: number | undefined;
  /**
   * Milliseconds from the beginning of the shutdown to its deadline. With 0, everything is ended at
   * once. Default 10 000.
   */
  grace?: number | undefined;
  /**
   * In a shutdown: how many milliseconds an idle HTTP connection has for one more request. Default
   * 1000.
   */
  idle?: number | undefined;
  /**
   * How many milliseconds a client has to end its side, once everything has been sent to it.
   * Default 1000.
   */
  linger?: number | undefined;
  /** How many milliseconds written bytes, or an ended response, have to leave. Default 60 000. */
  flush?: number | undefined;
  /**
   * For sockets, in a shutdown: after how many milliseconds of silence a connection is ended that
   * owes nothing to its client. Default `Infinity`.
   */
  quiet?: number | undefined;
  /**
   * Called with a connection that `quiet` is about to end. If the result is truthy, something is
   * still owed, and the connection is not ended.
   */
  isBusy?: ((connection: Connection) => unknown) | undefined;
  /**
   * Called once with each error of a handler, unless the error only says that the connection has
   * failed or that a signal has aborted. Without `onError`, the error becomes a process warning.
   */
  onError?: ((error: unknown, connection: Connection) => unknown) | undefined;
}

export interface ServeEventOptions<Connection>
  extends ServeOptions<Connection>, AcceptEventOptions {}

/** What `serve` returns. */
export interface Serving {
  /**
   * Resolves with the report when no task and no connection is left, or a tenth of a second after
   * grace. Rejects only if the server could not listen, or its listener broke, with that error.
   */
  readonly finished: Promise<ServeReport>;
  /** The counts so far: a copy, made when you read it. */
  readonly stats: ServeStats;
  /**
   * Lists the connections that are open now, each client once, with its state. The list is made by
   * this call, in a time that grows with the number of connections. A handler that runs is listed
   * even if its client has gone. When the serving is over, the list is empty.
   */
  open(): OpenConnection[];
  /**
   * Begins the shutdown. If a shutdown is under way, the call may move its deadline nearer.
   *
   * @param options - `grace`: milliseconds from now to the deadline. An earlier deadline stands.
   * Default: the `grace` of `serve`.
   * @returns `finished`. Do not await it in a handler: the handler would wait for itself, until the
   * deadline.
   * @throws `TypeError` or `RangeError` for a bad argument. Then the shutdown does not begin.
   */
  stop(options?: { grace?: number | undefined }): Promise<ServeReport>;
  /** Calls `stop()`, and waits until nothing is left. Never rejects: `finished` does. */
  [Symbol.asyncDispose](): Promise<void>;
}

type AnyOptions = ServeOptions<never> & { event?: string | undefined };

/**
 * Runs a handler for each connection of a server, in a task of its own. The serving waits for each
 * task, until a tenth of a second after grace at the latest. A handler that has not settled by then
 * counts as abandoned, and may still be running.
 *
 * The server may listen already, or be told to later. A connection is what `acceptLoop` yields: a
 * socket, `[request, response]`, `[webSocket, request]`, or the arguments of an event.
 *
 * **A task** lasts until the promise that the handler returns has settled. If the handler returns
 * no promise, it lasts until the connection has closed (*callback style*). The task of an HTTP
 * request always lasts until its response has closed.
 *
 * At most `concurrency` tasks run at once. They begin in order of arrival. If a handler fails, only
 * its own connection is ended. An HTTP request is answered with `500`, if nothing was sent yet.
 *
 * **The async context** of a handler is the context of the event that brought its connection, even
 * if the connection had to wait for a slot. `onError` and the listeners of the task's signals run
 * in it, too.
 *
 * **When a handler has resolved,** its connection is closed:
 *
 * 1. What the handler has written is flushed.
 * 2. Input that no code reads is discarded, until the client ends its side or `linger` milliseconds
 *    have passed.
 * 3. The connection is destroyed.
 *
 * Leaving a `for await` over the socket does not destroy the socket.
 *
 * **How it ends.** The shutdown begins when `signal` aborts, by `stop()` or disposal, or when other
 * code calls `close()` of the server. Then:
 *
 * 1. `draining` aborts.
 * 2. Clients that wait in the kernel's queue are accepted (the *last call*), unless other code has
 *    closed the listener.
 * 3. The listener is closed.
 * 4. Connections under way are served to their end.
 *
 * If `signal` has aborted already, the listener is closed at once, and nothing is served.
 *
 * When `grace` is over, counted from the beginning, `signal` of each task aborts. What is left is
 * destroyed: connections, TLS handshakes, half-sent requests and upgraded sockets. Thousands are
 * destroyed in slices, and the event loop turns between two slices. The serving is over a tenth of
 * a second after grace, whatever handlers do, but not before the last connection is destroyed.
 *
 * `close()` of an emitter of another kind may end what the emitter has brought. So the emitter is
 * closed only after the last task, or at grace.
 *
 * **With `quiet`,** a socket is ended when it has been silent for `quiet` milliseconds of the
 * shutdown, if it owes nothing to its client. It is not ended before the listener is closed. What
 * it owes is judged from outside: see [the docs](../docs/serving.md#ending-silent-connections). Its
 * handler sees the end of the input, and counts as completed unless it fails otherwise.
 *
 * **Who owns what.** The serving owns the listener and the connections from this call on. A handler
 * has its connection until the task ends. When the serving is over, no connection is open, and
 * nothing of it is left on the server or the signal. What still comes over an HTTP or TLS server is
 * refused, as after an `acceptLoop`. A server that had never listened when `signal` aborted is
 * closed at once when it is told to listen after all, as after an `acceptLoop`.
 *
 * @param server - As for `acceptLoop`.
 * @param handler - Called with each connection, and with a context that has the task's signals.
 * @param options - The options, or an `AbortSignal` in their place.
 * @returns The promise of the report, `finished`, with `stop()`, `stats` and `open()`.
 * @throws `TypeError` or `RangeError` for a bad argument, before anything is attached. `Error` if
 * the server has a live loop already.
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
/** As the first form. Of the forms that do not fit, TypeScript 7 explains the last one alone. */
export function serve<Server extends ConnectionServer>(
  server: Server,
  handler: ServeHandler<ConnectionOf<Server>>,
  options: (ServeOptions<ConnectionOf<Server>> & { event?: undefined }) | AbortSignal,
): Serving;
export function serve(
  server: unknown,
  handler: ServeHandler<never>,
  options: AnyOptions | AbortSignal = {},
): Serving {
  check.object('options', options, 'an object or an AbortSignal');
  const given: AnyOptions = isAbortSignal(options) ? { signal: options } : options;
  const { event, ...all } = checkServingOptions(check, given);
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
