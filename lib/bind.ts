import cluster from 'node:cluster';
import { createServer, type Server } from 'node:net';
import type { ListenTarget } from './check-where.ts';
import { closeServer } from './close-server.ts';
import { guardPendingBind } from './guard-pending-bind.ts';
import { onAbort } from './on-abort.ts';

/** Linux' own `somaxconn`. Node's 511 are full when 512 clients come while the event loop is busy. */
const BACKLOG = 4096;

/**
 * Tells a server to listen, once, and waits for the outcome.
 *
 * @param signal - One that has not aborted yet.
 * @returns Rejects with the error of the bind, with `signal.reason`, or when somebody closes the
 * server before it is bound. It does not listen then, and nothing of this call is left on it.
 */
export function bind(
  server: Server,
  target: ListenTarget,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    new Binding(server, signal, resolve, reject).start(target);
  });
}

class Binding {
  readonly #server: Server;
  readonly #signal: AbortSignal | undefined;
  readonly #resolve: () => void;
  readonly #reject: (reason: unknown) => void;
  #stopListeningToSignal = (): void => {};
  #isOver = false;
  /** Why the server is not to listen, while its bind is let come to an end first. */
  #cancelled: { readonly reason: unknown } | undefined;

  constructor(
    server: Server,
    signal: AbortSignal | undefined,
    resolve: () => void,
    reject: (reason: unknown) => void,
  ) {
    this.#server = server;
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  start(target: ListenTarget): void {
    const server = this.#server;
    server.on('listening', this.#onListening);
    server.on('error', this.#onError);
    this.#heedClose();
    if (this.#signal) this.#stopListeningToSignal = onAbort(this.#signal, this.#onAbort);
    try {
      // As an argument, too: with a descriptor, Node ignores the one among the options.
      server.listen(target, target.backlog ?? BACKLOG);
    } catch (error) {
      this.#leave();
      this.#reject(error);
    }
  }

  /**
   * Listens for `'close'`, but not for that of a `close()` before this bind, which comes late: by a
   * tick, or by some turns on Deno. That of a server which is closed now comes right behind it.
   */
  #heedClose(): void {
    const latest = createServer();
    latest.on('close', () => {
      if (!this.#isOver) this.#server.on('close', this.#onClose);
    });
    latest.close();
  }

  readonly #onListening = (): void => {
    if (this.#cancelled !== undefined) return this.#cancel(this.#cancelled.reason);
    // By a listener before this one.
    if (!this.#server.listening) return this.#cancel(closedError());
    this.#leave();
    this.#resolve();
  };

  readonly #onError = (error: Error): void => {
    this.#leave();
    this.#reject(this.#cancelled === undefined ? error : this.#cancelled.reason);
  };

  readonly #onAbort = (): void => {
    const reason: unknown = this.#signal?.reason;
    // In a cluster worker, close() makes Node crash when the primary then answers with an error.
    if (this.#server.listening || !cluster.isWorker) this.#cancel(reason);
    else this.#cancelled ??= { reason };
  };

  readonly #onClose = (): void => {
    if (this.#server.listening) return;
    // Closed once more: it may be the 'close' of an old listener, whose last connection has ended.
    this.#cancel(this.#cancelled === undefined ? closedError() : this.#cancelled.reason);
  };

  #cancel(reason: unknown): void {
    this.#leave();
    guardPendingBind(this.#server);
    closeServer(this.#server);
    // Behind the guard.
    setImmediate(() => this.#reject(reason));
  }

  #leave(): void {
    this.#isOver = true;
    this.#stopListeningToSignal();
    this.#server.off('listening', this.#onListening);
    this.#server.off('error', this.#onError);
    this.#server.off('close', this.#onClose);
  }
}

function closedError(): Error {
  return new Error('Cannot listen: the server was closed before it was bound');
}
