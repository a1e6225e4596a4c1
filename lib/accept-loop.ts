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
  /** Ends the loop: last call, then the listener is closed. */
  signal?: AbortSignal | undefined;
  /** How many connections may wait for a consumer; one more is refused. Default 4096. */
  maxQueued?: number | undefined;
}

export interface AcceptEventOptions extends AcceptLoopOptions {
  /** The event that brings a connection. */
  event: string;
}

type AnyOptions = AcceptLoopOptions & { event?: string | undefined };

declare global {
  // TypeScript has it from 5.6 on, with iterator helpers where `lib` or a polyfill's types add them.
  interface AsyncIteratorObject<T, TReturn, TNext> {}
}

/**
 * The connections of one server, as `acceptLoop` gives them: an `AsyncIterableIterator`, and an
 * `AsyncIteratorObject`. It is not declared as the first, because that type has its second parameter
 * from TypeScript 5.6 on only.
 */
export interface AcceptLoop<Connection>
  extends
    AsyncIterator<Connection, undefined>,
    // oxlint-disable-next-line typescript/no-unnecessary-type-arguments -- Above there is no default.
    AsyncIteratorObject<Connection, undefined, unknown> {
  /** Waits for a connection, or for the end. What is given to it is ignored. */
  next(value?: unknown): Promise<IteratorResult<Connection, undefined>>;
  /** What has become of the connections so far: a copy, made when it is read. */
  readonly stats: AcceptLoopStats;
  /** Leaves the loop: closes the listener and refuses what waits. */
  return(): Promise<IteratorReturnResult<undefined>>;
  /** Leaves the loop, and rejects with `error`. */
  throw(error?: unknown): Promise<IteratorReturnResult<undefined>>;
  [Symbol.asyncIterator](): AcceptLoop<Connection>;
  /** Leaves the loop. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Gives a server's connections, one by one, in order of arrival.
 *
 * The server may be listening already or be told to later; what arrives from this call on is kept,
 * up to `maxQueued`, until somebody asks for it. Several consumers may ask at once.
 *
 * **How it ends.** When `signal` aborts, the loop accepts what waits in the kernel's queue (*last
 * call*), closes the listener, gives TLS handshakes and first HTTP requests that are under way the
 * rest of half a second, hands out what is left, and is done. A signal that has aborted already
 * closes the listener at once. Somebody else's `close()` is noticed within 250 ms and ends it in the
 * same way. Leaving it (`break`, a throw in the body, `return()`) closes the listener and refuses
 * what waits. It never waits for the connections that it has handed out. An emitter of another kind,
 * whose `close()` may end what it has brought, is closed when a consumer is told of the end: of
 * several, when as many have been told as have waited at the same time.
 *
 * **Who owns what.** The loop owns the listener from this call on, and each connection until it is
 * handed out; from then on it is the consumer's, to the end. A listener for `'error'` stays on it,
 * so that a client that goes away crashes nobody; everything else is taken off the server, the
 * signal and the sockets. Of an HTTP server, a connection is a request, and the sockets stay
 * Node's. What still comes over an HTTP or TLS server's open connections after the end is refused
 * (`503`, a reset), by one listener that stays until the server has closed or listens again. A
 * server that is told to listen only after the end is its owner's business.
 *
 * **Errors.** What keeps the server from listening rejects the pending `next()`, once, and ends the
 * loop. An error of `accept(2)` ends nothing: it is published on the diagnostics channel
 * `accept-loop:error`.
 *
 * @param server - A `net`, `tls`, `http`, `https` or `http2` server, a `WebSocketServer` of `ws`,
 * or any emitter with the option `event`.
 * @param options - Or the signal alone.
 * @returns An async iterator that is its own iterable, and disposable.
 * @throws `TypeError` or `RangeError` for a bad argument, with nothing attached; `Error` when the
 * server has a live loop already.
 *
 * @example
 * ```ts
 * for await (const socket of acceptLoop(server, { signal })) void handle(socket);
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
