import type { EventEmitter } from 'node:events';
import type { ConnectionServer } from './connection-of.ts';
import type { DrainReport } from './drain-report.ts';
import { hasMethods } from './any-event.ts';
import { isAbortSignal, OptionCheck } from './option-check.ts';
import { serverKind } from './server-kind.ts';
import { GRACE_MS, IDLE_MS } from './defaults.ts';
import { drainingOf } from './server-draining.ts';

const check: OptionCheck = new OptionCheck('Cannot drain');

export interface DrainOptions {
  /** Begins the shutdown when it aborts. Without it the shutdown begins at once. */
  signal?: AbortSignal | undefined;
  /** Milliseconds from the shutdown's beginning to its deadline. Default 10 000. */
  grace?: number | undefined;
  /** Milliseconds of a shutdown that an idle HTTP connection has for one more request. Default 1000. */
  idle?: number | undefined;
}

/**
 * Shuts a server down whose connections somebody else handles: a framework, a `'request'` listener,
 * the listeners of a `WebSocketServer`. They go on handling what comes until the end.
 *
 * Call it when the server is made, with a signal: it knows the connections that come from then on.
 * Of earlier ones it ends those of HTTP; the others it can only wait for.
 *
 * **How it ends.** By `signal`, or by somebody's `server.close()`: the last call is taken, and the
 * listener closed. TCP and TLS connections, handshakes and upgraded sockets have until `grace`; of
 * the others each is told then that it is to end.
 *
 * - HTTP/1: the last response of each connection says `Connection: close`. An idle connection has
 *   `idle` milliseconds for one more request, one that never sent a byte 100 at the least; half a
 *   request has the server's `headersTimeout`.
 * - HTTP/2: an idle session has `idle`, too. One that waits for an answer gets two GOAWAYs, a round
 *   trip apart. Streams that were begun finish; later ones are refused, which is safe to retry.
 * - WebSocket: clients are closed with 1001 and have a second to answer; the HTTP server that the
 *   `WebSocketServer` is attached to is drained as well, and answers upgrades with `503`.
 *
 * When `grace` is over, counted from the beginning, what is left is destroyed; thousands in slices,
 * between which the event loop turns. A tenth of a second after the last one it is over.
 *
 * **Called again** for the same server, it joins the shutdown: the first signal begins it, the
 * earliest deadline counts, and of the calls before it begins the shortest `idle`. All get the same
 * report.
 *
 * **Who owns what.** The server's listener is closed once, by its own `close()`; no method of it is
 * replaced. Its errors stay its owner's. When it is over, nothing of it is left on the server or
 * the signal, and nothing of it keeps a process running until it begins.
 *
 * @param server - A `net`, `tls`, `http`, `https`, `http2` or WebSocket server, listening or not.
 * @param options - Or the signal alone.
 * @returns The report. Never rejects; for a server that is closed or has never listened it is empty.
 * @throws `TypeError` or `RangeError` for a bad argument, with nothing attached.
 *
 * @example
 * ```ts
 * const server = app.listen(3000);
 * const report = await drain(server, { signal: shutdownSignal() });
 * ```
 */
export function drain(
  server: ConnectionServer,
  options: DrainOptions | AbortSignal = {},
): Promise<DrainReport> {
  check.object('options', options, 'an object or an AbortSignal');
  const all: DrainOptions = isAbortSignal(options) ? { signal: options } : options;
  const { signal, grace = GRACE_MS, idle = IDLE_MS } = all;
  check.signal(signal);
  check.duration('grace', grace);
  check.duration('idle', idle);
  const emitter = server as EventEmitter;
  const kind = hasMethods(server, ['on', 'off']) ? serverKind(emitter) : undefined;
  if (kind === undefined) {
    const wanted = 'a net, tls, http, https, http2 or WebSocket server';
    throw check.error(TypeError, 'server', wanted, server);
  }
  return drainingOf(emitter, kind).join({ signal, grace, idle });
}
