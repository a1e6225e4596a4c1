import type { Server } from 'node:net';
import { bind } from './listening/bind.ts';
import { isListenable, serverHint } from './protocols/check-server.ts';
import { checkWhere, type ListenWhere } from './listening/where.ts';
import { isAbortSignal, OptionCheck } from './primitives/option-check.ts';

const check: OptionCheck = new OptionCheck('Cannot listen');

const pending = new WeakSet<Server>();

export interface ListenOptions {
  /** Cancels the binding, and nothing after it. */
  signal?: AbortSignal | undefined;
}

/**
 * Tells a server to listen, and waits until it does.
 *
 * `where` is one of these:
 *
 * - a port: a number, or a string of digits as in `process.env.PORT`. 0 lets the system choose one.
 * - the path of a Unix socket or Windows pipe: any other string.
 * - Node's listen options, with a `port`, a `path` or an inherited `fd`. What else is in them
 *   (`host`, `reusePort`, …) is Node's business.
 * - a listener that is open already: a `net.Server` that listens, such as another process sends by
 *   `child.send(message, server)`, or Node's own handle of one. It is taken over: from now on its
 *   connections are those of `server`, and it is closed with `server`.
 *
 * The kernel's queue of connections may be 4096 long, or `backlog` if it is given, and never longer
 * than the system allows.
 *
 * Call `serve()` or `acceptLoop()`, or have your own listeners on it, in the same tick as the
 * `await` returns: a connection that arrives before somebody listens for it is served by nobody.
 *
 * **How it ends.** It resolves when the server listens, and rejects with the very error that kept
 * it from it. When `signal` aborts before that, the server does not listen, whatever comes of the
 * bind that is under way, and the promise rejects with the signal's reason; with one that has
 * aborted already nothing is opened. In a cluster worker the bind is first let come to its end. The
 * signal does nothing once the server listens: hand it to `serve()` or `acceptLoop()` as well,
 * which closes it in order. It rejects as well when somebody else calls `close()` before the server
 * is bound.
 *
 * **A file in the way.** A Unix socket that no process has any more is removed before the bind, so
 * that the server emits no `'error'`. Of several starters that find it at once, one listens. A live
 * server gets a connection that says nothing and ends. Its file is never touched, though it does
 * not listen yet; nor is a file of another kind, or a link: the promise rejects with `EADDRINUSE`.
 * So it does whenever the system does not tell whether a server is dead: on macOS, BSD and Bun.
 *
 * Closing a server removes whatever file is at its path by then: do not bind a second server to the
 * path of one that still listens.
 *
 * **Who owns what.** The server stays the caller's, to close it. Once the promise has settled,
 * nothing of this call is left on the server or the signal.
 *
 * @param server - A `net`, `tls`, `http`, `https` or `http2` server that does not listen.
 * @param where - With a `signal` in it, it is refused: Node would close the listener at once.
 * @param options - Or the signal alone.
 * @returns The same server, listening.
 * @throws Only as a rejection. `TypeError` or `RangeError` for a bad argument, with nothing touched:
 * an unknown option, a server in the place of `where` that does not listen, a path that is longer
 * than the system has room for (107 bytes on Linux, 103 elsewhere); `ERR_SERVER_ALREADY_LISTEN` when the server listens already, and goes on to.
 *
 * @example
 * ```ts
 * const server = await listen(createServer(), process.env.PORT ?? 8080, { signal });
 * await serve(server, handler, { signal });
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
  if (signal?.aborted) throw signal.reason;
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

/** As Node's own for a server that is bound, which does not come yet while it is being bound. */
function beingBound(): Error {
  const error = new Error('Cannot listen: the server is being bound already');
  return Object.assign(error, { code: 'ERR_SERVER_ALREADY_LISTEN' });
}
