import type { EventEmitter } from 'node:events';
import { checkServer } from './protocols/check-server.ts';
import { Loop } from './accepting/loop.ts';
import type { ConnectionOf, ConnectionServer } from './connection-of.ts';
import type { AcceptLoopStats } from './reports.ts';
import { MAX_QUEUED } from './bounds.ts';
import { isAbortSignal, OptionCheck } from './primitives/option-check.ts';

const check: OptionCheck = new OptionCheck('Cannot accept connections');
const names = ['signal', 'maxQueued', 'event'];

export interface AcceptLoopOptions {
  /** Begins the end when it aborts: a last call, then the listener is closed. */
  signal?: AbortSignal | undefined;
  /**
   * How many connections may wait for a consumer of `acceptLoop`, or for a slot of `serve`. One
   * more is refused. A whole number from 0, or `Infinity`. Default 4096.
   */
  maxQueued?: number | undefined;
}

export interface AcceptEventOptions extends AcceptLoopOptions {
  /** The event that brings a connection. Its arguments are the connection. */
  event: string;
}

type AnyOptions = AcceptLoopOptions & { event?: string | undefined };

declare global {
  // TypeScript itself declares this from 5.6 on. `lib`, or a polyfill's types, may add the iterator
  // helpers to it.
  interface AsyncIteratorObject<T, TReturn, TNext> {}
}

/**
 * The connections of one server: what `acceptLoop` returns.
 *
 * It is an `AsyncIterableIterator` and an `AsyncIteratorObject`. It is declared only as the second.
 * The first has no second type parameter before TypeScript 5.6.
 */
export interface AcceptLoop<Connection>
  extends
    AsyncIterator<Connection, undefined>,
    // oxlint-disable-next-line typescript/no-unnecessary-type-arguments -- Above there is no default.
    AsyncIteratorObject<Connection, undefined, unknown> {
  /**
   * Takes the connection that has waited longest, or else waits for the next one or the end. May be
   * called again before it settles. The argument is ignored.
   */
  next(value?: unknown): Promise<IteratorResult<Connection, undefined>>;
  /** The counts so far: a copy, made when you read it. */
  readonly stats: AcceptLoopStats;
  /** Leaves the loop: closes the listener, and refuses the connections that wait. */
  return(): Promise<IteratorReturnResult<undefined>>;
  /** Leaves the loop as `return()` does, and rejects with `error`. */
  throw(error?: unknown): Promise<IteratorReturnResult<undefined>>;
  [Symbol.asyncIterator](): AcceptLoop<Connection>;
  /** Leaves the loop as `return()` does. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Yields a server's connections, one by one, in order of arrival.
 *
 * The server may listen already, or be told to later. From this call on, connections are queued
 * until a consumer asks for them, up to `maxQueued`. Several consumers may ask at once.
 *
 * **How it ends.** When `signal` aborts, the loop:
 *
 * 1. accepts the clients that wait in the kernel's queue (the *last call*);
 * 2. closes the listener;
 * 3. gives TLS handshakes and first HTTP requests under way what is left of half a second;
 * 4. hands out the connections that are left, and is done.
 *
 * If the signal has aborted already, the listener is closed at once, and nothing is handed out. If
 * other code calls `close()` of the server, the loop notices within 250 ms. It goes on with step 3.
 *
 * Leaving the loop (`break`, a throw in the body, `return()`) closes the listener, and refuses the
 * connections that wait. The loop never waits for a connection that it has handed out.
 *
 * `close()` of an emitter of another kind may end what the emitter has brought. So the loop calls
 * it only when a consumer is told of the end. Of several consumers, as many have to be told as have
 * waited at the same time.
 *
 * **Who owns what.**
 *
 * - The loop owns the listener from this call on, and each connection until it hands it out. From
 *   then on, the connection is the consumer's, to the end.
 * - A listener for `'error'` stays on each connection, so that a client's reset does not crash the
 *   process. All other listeners are removed from the server, the signal and the sockets.
 * - On an HTTP server, a connection is a request. The sockets stay Node's.
 * - After the end, open connections of an HTTP or TLS server may bring requests or handshakes. They
 *   are refused, by `503` or a reset. One listener does that. It stays until the server has closed
 *   or listens again.
 * - If the server had never listened when the signal aborted, a listener stays on it. It closes the
 *   server at once when the server is told to listen after all. The next loop removes it.
 *
 * **Errors.** If the server cannot listen, or its listener breaks, the loop ends. One call of
 * `next()` rejects with the error. An error of `accept(2)` ends nothing. It is published on the
 * diagnostics channel `accept-loop:error`.
 *
 * @param server - A `net`, `tls`, `http`, `https` or `http2` server, a `WebSocketServer` of `ws`,
 * or any emitter with the option `event`.
 * @param options - The options, or an `AbortSignal` in their place.
 * @returns An async iterator that is its own iterable, and disposable.
 * @throws `TypeError` or `RangeError` for a bad argument, before anything is attached. `Error` if
 * the server has a live loop already.
 *
 * @example
 * ```ts
 * for await (const socket of acceptLoop(server, { signal })) {
 *   handle(socket).catch(() => socket.destroy());
 * }
 * ```
 */
export function acceptLoop<Server extends ConnectionServer>(
  server: Server,
  options?: (AcceptLoopOptions & { event?: undefined }) | AbortSignal,
): AcceptLoop<ConnectionOf<Server>>;
export function acceptLoop<Arguments extends unknown[] = unknown[]>(
  emitter: Pick<EventEmitter, 'on' | 'off'>,
  options: AcceptEventOptions,
): AcceptLoop<Arguments>;
/** As the first form. Of the forms that do not fit, TypeScript 7 explains the last one alone. */
export function acceptLoop<Server extends ConnectionServer>(
  server: Server,
  options: (AcceptLoopOptions & { event?: undefined }) | AbortSignal,
): AcceptLoop<ConnectionOf<Server>>;
export function acceptLoop(
  server: unknown,
  options: AnyOptions | AbortSignal = {},
): AcceptLoop<unknown> {
  check.object('options', options, 'an object or an AbortSignal');
  const given: AnyOptions = isAbortSignal(options) ? { signal: options } : options;
  check.known(names, given);
  const { signal, maxQueued = MAX_QUEUED, event } = given;
  check.signal(signal);
  check.count('maxQueued', maxQueued, { from: 0 });
  const kind = checkServer(check, server, event);
  return new Loop(server as EventEmitter, kind, { signal, maxQueued });
}
