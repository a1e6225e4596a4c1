import { attempt } from '../primitives/attempt.ts';
import type { LinkedList } from '../primitives/linked-list.ts';
import type { Protocol } from '../protocols/protocol.ts';
import type { Arrival, Holder } from './queue.ts';

/** A connection in the queue of an `acceptLoop`. Its consumer gets it unchanged. */
export class Waiting<Connection> implements Arrival<Waiting<Connection>> {
  readonly connection: Connection;
  list: LinkedList<Waiting<Connection>> | undefined;
  previous: Waiting<Connection> | undefined;
  next: Waiting<Connection> | undefined;
  readonly #protocol: Protocol<Connection>;
  #onClose: (() => void) | undefined;

  constructor(connection: Connection, protocol: Protocol<Connection>) {
    this.connection = connection;
    this.#protocol = protocol;
  }

  watch(holder: Holder<this>): void {
    this.#onClose = (): void => holder.onClosed(this);
    this.#protocol.life(this.connection)?.on('close', this.#onClose);
  }

  unwatch(): void {
    const onClose = this.#onClose;
    if (onClose === undefined) return;
    this.#onClose = undefined;
    attempt(() => this.#protocol.life(this.connection)?.off('close', onClose));
  }
}
