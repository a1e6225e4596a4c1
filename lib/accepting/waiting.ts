import { attempt } from '../primitives/attempt.ts';
import type { Life } from '../protocols/protocol.ts';
import type { Arrival, HeldList } from './queue.ts';

/** A connection in the queue of an `acceptLoop`. Its consumer gets it unchanged. */
export class Waiting<Connection> implements Arrival<Waiting<Connection>> {
  readonly connection: Connection;
  list: HeldList<Waiting<Connection>> | undefined;
  previous: Waiting<Connection> | undefined;
  next: Waiting<Connection> | undefined;
  #life: Life | undefined;
  #onClose: (() => void) | undefined;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  watch(life: Life): void {
    this.#life = life;
    // A bound function takes half the memory of a closure.
    this.#onClose = onClose.bind(this);
    life.on('close', this.#onClose);
  }

  unwatch(): void {
    const listener = this.#onClose;
    if (listener === undefined) return;
    this.#onClose = undefined;
    attempt(() => this.#life?.off('close', listener));
  }
}

function onClose(this: Waiting<unknown>): void {
  this.list?.holder.onClosed(this);
}
