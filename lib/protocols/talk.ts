import type { Socket } from 'node:net';

type Iterator = NodeJS.AsyncIterator<unknown>;

/** Of the sockets that are followed: only those of servers with a `quiet`. */
const talks = new WeakMap<Socket, Talk>();

/**
 * From now on notes when something is written to the socket, and when a `for await` over the socket
 * works. This has to be known from the beginning: two counts of bytes do not tell which one has
 * changed last.
 */
export function followTalk(socket: Socket): void {
  if (!talks.has(socket)) talks.set(socket, new Talk(socket));
}

/**
 * Milliseconds for which nothing has passed over the socket and nothing was owed. To be asked again
 * and again: a silence begins when it is first seen. The owner's getters may throw.
 */
export function silenceOf(socket: Socket): number {
  return talks.get(socket)?.silence(socket) ?? 0;
}

/**
 * Notes what passes over a socket, to tell whether something is owed. This is seen from outside,
 * without a listener for input. Something is owed as long as
 *
 * - input waits to be read, or output waits to leave;
 * - the client has spoken last: what it sent was read, and nothing was written since;
 * - a `for await` over the socket works on a chunk, and has not asked for the next one;
 * - a reader has paused the socket, or a writer has corked it;
 * - the client has ended its side, and the owner has not.
 *
 * Nothing is owed to a client that has never sent anything. Nothing is owed once our side has
 * ended.
 */
class Talk {
  /** How much input had been taken out of the socket when something was last written. */
  #answered = 0;
  #isAtWork = false;
  #bytesWritten = -1;
  /** When the silence began, of `performance.now()`. */
  #since = 0;

  constructor(socket: Socket) {
    // oxlint-disable-next-line typescript/unbound-method -- called with the `this` of each call
    const { write, [Symbol.asyncIterator]: iterate } = socket;
    const note = (): void => {
      try {
        this.#answered = socket.bytesRead - socket.readableLength;
      } catch {
        // A getter of the owner's has thrown. Nothing counts as answered then, and `Quiet` warns
        // the owner.
      }
    };
    const noteTurns = (iterator: Iterator): Iterator => this.#noteTurns(iterator);
    socket.write = function (this: Socket, ...args: unknown[]) {
      note();
      return Reflect.apply(write, this, args) as boolean;
    };
    socket[Symbol.asyncIterator] = function (this: Socket) {
      return noteTurns(Reflect.apply(iterate, this, []));
    };
  }

  silence(socket: Socket): number {
    const { bytesWritten } = socket;
    const now = performance.now();
    const hasWritten = bytesWritten !== this.#bytesWritten;
    // Input is not compared. What was read since is owed an answer, or something was written after
    // it.
    if (!hasWritten && !this.#owes(socket)) return now - this.#since;
    this.#bytesWritten = bytesWritten;
    this.#since = now;
    return 0;
  }

  #owes(socket: Socket): boolean {
    if (socket.writableFinished) return false;
    if (socket.writableEnded || socket.readableEnded) return true;
    if (socket.readableLength > 0 || socket.writableLength > 0) return true;
    // Any stream may be emitted as a connection. If it counts no bytes, nothing counts as answered.
    if (this.#isAtWork || this.#answered !== socket.bytesRead) return true;
    return socket.writableCorked > 0 || isPaused(socket);
  }

  #noteTurns(iterator: Iterator): Iterator {
    const next = iterator.next.bind(iterator);
    const leave = iterator.return?.bind(iterator);
    iterator.next = async () => {
      this.#isAtWork = false;
      const result = await next();
      this.#isAtWork = result.done !== true;
      return result;
    };
    if (leave === undefined) return iterator;
    iterator.return = (value) => {
      this.#isAtWork = false;
      return leave(value);
    };
    return iterator;
  }
}

/**
 * Whether a reader has paused the socket. With a listener for `'readable'`, as of a `for await`, it
 * has not.
 */
function isPaused(socket: Socket): boolean {
  return socket.readableFlowing === false && socket.listenerCount('readable') === 0;
}
