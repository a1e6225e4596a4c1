import type { Socket } from 'node:net';

type Iterator = NodeJS.AsyncIterator<unknown>;

/** Of the sockets that are followed: those of servers with a `quiet`, and no others. */
const talks = new WeakMap<Socket, Talk>();

/**
 * Notes from now on when something is written to it, and when a `for await` over it works. That has
 * to be known from the beginning: of two counts of bytes, nothing tells which one has moved last.
 */
export function followTalk(socket: Socket): void {
  if (!talks.has(socket)) talks.set(socket, new Talk(socket));
}

/**
 * Milliseconds for which nothing has passed over it and nothing was owed. To be asked again and
 * again: a silence begins when it is asked for the first time. The owner's getters may throw.
 */
export function silenceOf(socket: Socket): number {
  return talks.get(socket)?.silence(socket) ?? 0;
}

/**
 * What has passed over a socket, as far as it tells whether something is owed. That is seen from
 * outside, without a listener for what is read. Something is owed as long as
 *
 * - input waits to be read, or output to leave;
 * - the client has the last word: what it has sent was read, and nothing was written since;
 * - a `for await` over the socket works on a chunk, and has not asked for the next one;
 * - its reader has paused it, or its writer has corked it;
 * - the client has ended its side, and the owner has not.
 *
 * Nothing is owed to a client that has never sent anything, and where our side has ended.
 */
class Talk {
  /** How much input had been taken out of the socket when something was last written. */
  #answered = 0;
  #isAtWork = false;
  #bytesWritten = -1;
  /** Of `performance.now()`. */
  #since = 0;

  constructor(socket: Socket) {
    // oxlint-disable-next-line typescript/unbound-method -- called with the `this` of each call
    const { write, [Symbol.asyncIterator]: iterate } = socket;
    const note = (): void => {
      try {
        this.#answered = socket.bytesRead - socket.readableLength;
      } catch {
        // A getter of the owner's, who is told of it by the looks. Nothing is answered then.
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
    // What was read in the meantime is owed an answer, or has been written to.
    if (!hasWritten && !this.#owes(socket)) return now - this.#since;
    this.#bytesWritten = bytesWritten;
    this.#since = now;
    return 0;
  }

  #owes(socket: Socket): boolean {
    if (socket.writableFinished) return false;
    if (socket.writableEnded || socket.readableEnded) return true;
    if (socket.readableLength > 0 || socket.writableLength > 0) return true;
    // Any stream may be emitted as a connection: one that counts no bytes has answered nothing.
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

/** A reader with a listener for `'readable'`, such as a `for await`, has not paused anything. */
function isPaused(socket: Socket): boolean {
  return socket.readableFlowing === false && socket.listenerCount('readable') === 0;
}
