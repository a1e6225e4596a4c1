import type { Server } from 'node:net';
import { bind } from './bind.ts';
import { checkWhere, type ListenTarget, type ListenWhere, socketFile } from './check-where.ts';
import { hasMethods } from './any-event.ts';
import { isAbortSignal, OptionCheck } from './option-check.ts';
import { removeStaleSocket } from './stale-socket.ts';

const check: OptionCheck = new OptionCheck('Cannot listen');

const pending = new WeakSet<Server>();

export interface ListenOptions {
  /** Cancels the binding, and nothing after it. */
  signal?: AbortSignal | undefined;
}

/**
 * Tells a server to listen, and waits until it does.
 *
 * `where` is a port (0 lets the system choose one; a string of digits is one, too, as in
 * `process.env.PORT`), the path of a Unix socket or Windows pipe (any other string), or an object
 * of Node's listen options with a `port`, a `path` or an inherited `fd`; what else is in it
 * (`host`, `reusePort`, …) is Node's business. The kernel's queue of connections may be 4096 long,
 * or `backlog` if it is given, and never longer than the system allows.
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
 * **A file in the way.** A Unix socket that a dead process has left is removed, and the server
 * bound a second time; the server emits the `'error'` of the first time all the same. It is left
 * by a dead process if it is a socket and refuses a connection (so does, on macOS and BSD, a live
 * one whose accept queue is full). Neither a live server's, which gets a connection that says
 * nothing and ends, nor a file of another kind, nor a link is ever touched: the promise rejects
 * with `EADDRINUSE`, and on Bun always. Closing a server removes whatever file is at its path by
 * then: do not bind a second server to the path of one that still listens.
 *
 * **Who owns what.** The server stays the caller's, to close it. Once the promise has settled,
 * nothing of this call is left on the server or the signal.
 *
 * @param server - A `net`, `tls`, `http`, `https` or `http2` server that does not listen.
 * @param where - With a `signal` in it, it is refused: Node would close the listener at once.
 * @param options - Or the signal alone.
 * @returns The same server, listening.
 * @throws Only as a rejection. `TypeError` or `RangeError` for a bad argument, a path among them
 * that is longer than the system has room for (107 bytes on Linux, 103 elsewhere), with nothing
 * touched; `ERR_SERVER_ALREADY_LISTEN` when the server listens already, and goes on to.
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
  const { signal }: ListenOptions = isAbortSignal(options) ? { signal: options } : options;
  check.signal(signal);
  if (signal?.aborted) throw signal.reason;
  if (pending.has(server)) throw beingBound();
  pending.add(server);
  try {
    await bindAfresh(server, target, signal);
  } finally {
    pending.delete(server);
  }
  return server;
}

/** Binds it, a second time if the first fails at a file that nobody uses any more. */
async function bindAfresh(
  server: Server,
  target: ListenTarget,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await bind(server, target, signal);
    return;
  } catch (error) {
    const path = socketFile(target);
    const isInUse = (error as NodeJS.ErrnoException | null)?.code === 'EADDRINUSE';
    if (path === undefined || !isInUse) throw error;
    const isFree = !signal?.aborted && (await removeStaleSocket(path, signal));
    if (signal?.aborted) throw signal.reason;
    if (!isFree) throw error;
  }
  await bind(server, target, signal);
}

function checkServer(server: unknown): void {
  const isServer = hasMethods(server, ['on', 'off', 'listen', 'close']);
  // Other things listen, too, in their own ways.
  if (isServer && typeof (server as Server).listening === 'boolean') return;
  throw check.error(TypeError, 'server', 'a net, tls, http, https or http2 server', server);
}

/** As Node's own for a server that is bound, which does not come yet while it is being bound. */
function beingBound(): Error {
  const error = new Error('Cannot listen: the server is being bound already');
  return Object.assign(error, { code: 'ERR_SERVER_ALREADY_LISTEN' });
}
