import { acceptsAhead } from '../../primitives/runtime.ts';
import type { Socket } from 'node:net';
import { attempt } from '../../primitives/attempt.ts';
import { inSlices } from '../../shutdown/in-slices.ts';
import { warnOfRejection } from '../../primitives/warn-of-rejection.ts';

/**
 * HTTP/1 sockets of which nothing is read for a while. The reason: a handler that computes runs
 * between two accepts, and an answered client comes back. While both go on, a last call that
 * accepts one connection a turn never catches up with its clients.
 */
export class HeldBack {
  readonly #sockets = new Set<Socket>();
  readonly #most: number;

  /**
   * @param most - How many sockets are held back at most. Their requests all come at once when they
   * are read again.
   */
  constructor(most: number) {
    this.#most = most;
  }

  /** Reads no more of a socket. A socket that its owner has paused stays as it is. */
  add(socket: Socket): void {
    // A socket that is held back already was paused here, and not by its owner.
    if (acceptsAhead || this.#sockets.has(socket) || this.#sockets.size >= this.#most) return;
    this.#sockets.add(socket);
    // A tick later: Node starts the flow of a new socket in the next tick, and would read it
    // anyway.
    process.nextTick(() => attempt(() => this.#pause(socket)));
  }

  /** Reads all of them again. If they are thousands, that is done in slices. */
  release(): void {
    const sockets = [...this.#sockets];
    this.#sockets.clear();
    inSlices(
      sockets.map((socket) => () => warnOfRejection(socket.resume())),
      () => {},
    );
  }

  #pause(socket: Socket): void {
    // It was released in this very tick.
    if (!this.#sockets.has(socket)) return;
    if (socket.isPaused() || socket.destroyed) this.#sockets.delete(socket);
    else warnOfRejection(socket.pause());
  }
}
