import type { Server } from 'node:net';
import { bind } from './listening/bind.ts';
import { isListenable, serverHint } from './protocols/check-server.ts';
import { checkWhere, type ListenWhere } from './listening/where.ts';
import { reasonOf } from './primitives/on-abort.ts';
import { isAbortSignal, OptionCheck } from './primitives/option-check.ts';

const check: OptionCheck = new OptionCheck('Cannot listen');

const pending = new WeakSet<Server>();

export interface ListenOptions {
  /** Cancels the binding when it aborts. It has no effect once the server listens. */
  signal?: AbortSignal | undefined;
}

/**
 * Calls `listen()` of a server, and resolves with the server when it listens.
 *
 * `where` is one of these:
 *
 * - a port: a number, or a string of digits as in `process.env.PORT`. With 0, the system chooses.
 * - the path of a Unix socket or Windows pipe: any other string.
 * - Node's listen options, with a `port`, a `path` or an inherited `fd`. Node handles the others,
 *   such as `host` and `reusePort`.
 * - a listener that is open already: a `net.Server` that listens, such as another process sends by
 *   `child.send(message, server)`, or Node's own handle of one. `server` takes it over: from now on
 *   it gets the connections of that listener, and closes it when it closes.
 *
 * The kernel's queue of connections may be 4096 long, or `backlog` if that is given. It is never
 * longer than the system allows.
 *
 * Call `serve()` or `acceptLoop()`, or add your own listeners, in the same tick in which the
 * `await` returns. No code serves a connection that arrives before that.
 *
 * **How it ends.**
 *
 * - It resolves when the server listens.
 * - If the server cannot listen, it rejects with the server's own error.
 * - If `signal` aborts before that, it rejects with the signal's reason, and the server does not
 *   listen, however the bind under way ends. If the signal has aborted already, nothing is opened.
 *   In a cluster worker, the bind is awaited first.
 * - If other code calls `close()` before the server is bound, it rejects, too.
 *
 * The signal has no effect once the server listens. Pass it to `serve()` or `acceptLoop()` as well,
 * which close the server in order.
 *
 * **A file in the way.** A Unix socket that no process has any more is removed before the bind, so
 * that the server emits no `'error'`. If several processes find the file at once, one of them
 * listens. In these cases nothing is removed, and the promise rejects with `EADDRINUSE`:
 *
 * - The server at the path is alive, even if it does not listen yet. A live server that listens
 *   gets one connection, which sends nothing and ends.
 * - The file is of another kind, or is a link.
 * - The system does not tell whether the server is dead: on macOS, BSD and Bun.
 *
 * A server that closes removes the file that is at its path by then, whichever it is. So do not
 * bind a second server to the path of a server that still listens.
 *
 * **Who owns what.** The server stays the caller's: the caller has to close it. Once the promise
 * has settled, nothing of this call is left on the server or the signal.
 *
 * @param server - A `net`, `tls`, `http`, `https` or `http2` server that does not listen.
 * @param where - See above. A `signal` in it is refused, because with that Node would close the
 * listener at once, and reset the clients in the kernel's queue.
 * @param options - The options, or an `AbortSignal` in their place.
 * @returns The same server, which listens.
 * @throws Only as a rejection.
 *
 * - `TypeError` or `RangeError` for a bad argument, before anything is touched. Examples: an
 *   unknown option; a server as `where` that does not listen; a path of more than 107 bytes on
 *   Linux, or 103 elsewhere.
 * - `ERR_SERVER_ALREADY_LISTEN` if the server listens already. It goes on listening.
 *
 * @example
 * ```ts
 * const server = await listen(createServer(), process.env.PORT ?? 8080, { signal });
 * const { finished } = serve(server, handler, { signal });
 * ```
 */
export async function listen<AnyServer extends Server>(
  server: AnyServer,
  where: ListenWhere,
  options: ListenOptions | AbortSignal = {},
): Promise<AnyServer> {
  checkServer(server);
  const target = checkWhere(check, where);
  check.object('options', options, 'an object or an AbortSignal');
  const given: ListenOptions = isAbortSignal(options) ? { signal: options } : options;
  check.known(['signal'], given);
  const { signal } = given;
  check.signal(signal);
  if (signal?.aborted) throw reasonOf(signal);
  if (pending.has(server)) throw beingBound();
  pending.add(server);
  try {
    await bind(server, target, signal);
  } finally {
    pending.delete(server);
  }
  return server;
}

function checkServer(server: unknown): void {
  if (isListenable(server)) return;
  const hint = serverHint(server, 'give createServer(app)');
  throw check.error(TypeError, 'server', 'a net, tls, http, https or http2 server', server, hint);
}

/** Like Node's own error for a bound server, which Node does not throw during the binding. */
function beingBound(): Error {
  const error = new Error('Cannot listen: the server is being bound already');
  return Object.assign(error, { code: 'ERR_SERVER_ALREADY_LISTEN' });
}
