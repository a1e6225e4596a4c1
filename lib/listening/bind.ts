import { BACKLOG } from '../bounds.ts';
import cluster from 'node:cluster';
import { createServer, type Server } from 'node:net';
import { lastingPath, type ListenHandle, type ListenTarget, socketFile } from './where.ts';
import { closeServer } from '../protocols/close-server.ts';
import { guardPendingBind } from './guard-pending-bind.ts';
import { attemptOf, hear, unhear } from '../primitives/hear.ts';
import { onAbort } from '../primitives/on-abort.ts';
import { isSocketFile, removeStaleSocket } from './stale-socket.ts';
import { setImmediate } from '../primitives/timers.ts';
import { warn } from '../primitives/warn.ts';

/**
 * Tells a server to listen, once, and waits for the outcome.
 *
 * A stale socket in the way is removed before the bind, and not after the bind has failed. The
 * failed bind would emit `'error'` on the server, which ends a loop that waits for the server to
 * listen.
 *
 * @param signal - A signal that has not aborted yet.
 * @returns Rejects with the error of the bind, or with `signal.reason`. It also rejects if the
 * server is closed before it is bound. After a rejection the server does not listen, and nothing of
 * this call is left on it.
 */
export function bind(
  server: Server,
  target: ListenTarget | ListenHandle,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    new Binding(server, target, signal, resolve, reject).start();
  });
}

class Binding {
  readonly #server: Server;
  #target: ListenTarget | ListenHandle;
  readonly #signal: AbortSignal | undefined;
  readonly #resolve: () => void;
  readonly #reject: (reason: unknown) => void;
  #stopListeningToSignal = (): void => {};
  /** Calls off the removal of a stale socket, while that is under way. */
  #removal: AbortController | undefined;
  #hasBegun = false;
  #isOver = false;
  /** Why the server must not listen. Set while the step under way may first come to its end. */
  #cancelled: { readonly reason: unknown } | undefined;

  constructor(
    server: Server,
    target: ListenTarget | ListenHandle,
    signal: AbortSignal | undefined,
    resolve: () => void,
    reject: (reason: unknown) => void,
  ) {
    this.#server = server;
    this.#target = target;
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get #isListening(): boolean {
    return attemptOf(this.#server, 'listening', () => this.#server.listening) === true;
  }

  start(): void {
    afterEarlierCloses(() => {
      if (!this.#isOver) hear(this.#server, 'close', this.#onClose);
    });
    if (this.#signal) this.#stopListeningToSignal = onAbort(this.#signal, this.#onAbort);
    const path = socketFile(this.#target);
    // If the server listens already, `listen()` throws, and no file has to be removed for that.
    if (path === undefined || this.#isListening || !isSocketFile(path)) this.#begin();
    else this.#makeRoom(path).catch(this.#reject);
  }

  async #makeRoom(given: string): Promise<void> {
    const path = lastingPath(given);
    const removal = new AbortController();
    this.#removal = removal;
    await removeStaleSocket(path, removal.signal);
    // After this wait, a close() during the removal has emitted 'close'.
    await new Promise<void>(afterEarlierCloses);
    this.#removal = undefined;
    // Other code has changed the working directory meanwhile.
    if (lastingPath(given) !== path) this.#target = { ...this.#target, path };
    if (this.#cancelled === undefined) this.#begin();
    else this.#cancel(this.#cancelled.reason);
  }

  #begin(): void {
    this.#hasBegun = true;
    const server = this.#server;
    const { backlog = BACKLOG } = this.#target as ListenTarget;
    try {
      // As the first listeners, if it can: if an earlier one threw, these would not be called.
      const on = 'prependListener' in server ? 'prependListener' : 'on';
      server[on]('listening', this.#onListening);
      server[on]('error', this.#onError);
      // The backlog is an argument, too: with a descriptor, Node ignores the one in the options.
      const result: unknown = server.listen(this.#target, backlog);
      // Its owner may have replaced it by an async function.
      if (result !== server) Promise.resolve(result).catch((error) => this.#onRejected(error));
    } catch (error) {
      this.#leave();
      this.#reject(error);
    }
  }

  readonly #onListening = (): void => {
    // The other listeners for 'listening' come next, and may close the server.
    process.nextTick(this.#settle);
  };

  readonly #settle = (): void => {
    if (this.#isOver) return;
    if (this.#cancelled !== undefined) return this.#cancel(this.#cancelled.reason);
    if (!this.#isListening) return this.#cancel(closedError());
    this.#leave();
    this.#resolve();
  };

  readonly #onError = (error: Error): void => {
    this.#leave();
    this.#reject(this.#cancelled === undefined ? error : this.#cancelled.reason);
  };

  #onRejected(error: unknown): void {
    if (this.#isOver) warn(error);
    else this.#cancel(error);
  }

  readonly #onAbort = (reason: unknown): void => {
    // In a cluster worker, Node crashes if close() is called and the primary then answers with an
    // error.
    const mayCancel = this.#isListening || !cluster.isWorker || !this.#hasBegun;
    if (mayCancel) this.#cancel(reason);
    else this.#cancelled ??= { reason };
  };

  readonly #onClose = (): void => {
    if (this.#isListening) return;
    // This may be the 'close' of an old listener, whose last connection has ended. So the server is
    // closed once more.
    this.#cancel(this.#cancelled === undefined ? closedError() : this.#cancelled.reason);
  };

  #cancel(reason: unknown): void {
    if (this.#removal !== undefined) {
      this.#cancelled ??= { reason };
      return this.#removal.abort();
    }
    this.#leave();
    if (!this.#hasBegun) return this.#reject(reason);
    guardPendingBind(this.#server);
    attemptOf(this.#server, 'close', () => closeServer(this.#server));
    // By then the guard has left the server.
    setImmediate(() => this.#reject(reason));
  }

  #leave(): void {
    this.#isOver = true;
    this.#stopListeningToSignal();
    unhear(this.#server, 'listening', this.#onListening);
    unhear(this.#server, 'error', this.#onError);
    unhear(this.#server, 'close', this.#onClose);
  }
}

/**
 * Calls back when each server that has been closed by now has emitted `'close'`, if it has no
 * connection. `'close'` comes a tick late, and on Deno some turns late. The `'close'` of a server
 * that is closed later comes right after this callback.
 */
function afterEarlierCloses(callback: () => void): void {
  const latest = createServer();
  latest.on('close', callback);
  latest.close();
}

function closedError(): Error {
  return new Error('Cannot listen: the server was closed before it was bound');
}
