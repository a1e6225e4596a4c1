import { on as eventsToAsync } from 'events-to-async';
import type { ConnectionQueue } from './connection-queue.ts';

/**
 * What wakes the consumers of a loop: a ticket for each connection that is queued. The queue has
 * the connections; a ticket outlives one that closes while it waits, and serves the next.
 */
export class Tickets<Connection> {
  readonly #queue: ConnectionQueue<Connection>;
  readonly #line: AsyncIterableIterator<[]>;
  #issueOne = (): void => {};
  #unused = 0;

  /** @param subscribe - Called once; what it returns is called at the end. */
  constructor(queue: ConnectionQueue<Connection>, subscribe: () => () => void) {
    this.#queue = queue;
    this.#line = eventsToAsync<[]>((issue: () => void) => {
      this.#issueOne = issue;
      return subscribe();
    });
  }

  /** Waits for the connection that is the next in line; at the end there is none. */
  async take(): Promise<Connection | undefined> {
    this.#queue.consumers += 1;
    let connection: Connection | undefined;
    let ended = false;
    while (connection === undefined && !ended) {
      ended = (await this.#line.next()).done === true;
      if (!ended) this.#unused -= 1;
      // Without a ticket, too: events-to-async wakes who waits with `done` when it ends.
      connection = this.#queue.take();
    }
    this.#queue.consumers -= 1;
    return connection;
  }

  /** Has one be there for each that waits. */
  issue(): void {
    while (this.#unused < this.#queue.size) {
      this.#unused += 1;
      this.#issueOne();
    }
  }

  /** Wakes every consumer, and issues no more. */
  end(): void {
    void this.#line.return?.();
  }
}
