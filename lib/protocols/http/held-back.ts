import { acceptsAhead } from '../../primitives/runtime.ts';
import type { Socket } from 'node:net';
import { attempt } from '../../primitives/attempt.ts';
import { inSlices } from '../../shutdown/in-slices.ts';

/**
 * Sockets of HTTP/1 of which nothing is read for a while. A handler that computes runs between two
 * accepts, and a client that has its answer comes back: while both go on, a last call that accepts one
 * connection a turn never gets ahead of its clients.
 */
export class HeldBack {
  readonly #sockets = new Set<Socket>();
  readonly #most: number;

  /** @param most - How many are held: their requests come all at once when they are read again. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Holds back what it has still to say. One that its owner has paused is its owner's. */
  add(socket: Socket): void {
    // One that is held is paused by us, and not by its owner.
    if (acceptsAhead || this.#sockets.has(socket) || this.#sockets.size >= this.#most) return;
    this.#sockets.add(socket);
    // Not before: Node lets a new one flow in the next tick, and would read it all the same.
    process.nextTick(() => attempt(() => this.#pause(socket)));
  }

  /** Reads all of them again, thousands in slices. */
  release(): void {
    const sockets = [...this.#sockets];
    this.#sockets.clear();
    inSlices(
      sockets.map((socket) => () => void socket.resume()),
      () => {},
    );
  }

  #pause(socket: Socket): void {
    // Released in this very tick.
    if (!this.#sockets.has(socket)) return;
    if (socket.isPaused() || socket.destroyed) this.#sockets.delete(socket);
    else socket.pause();
  }
}
