import { on as eventsToAsync } from 'events-to-async';
import type { ConnectionQueue } from './connection-queue.ts';

/** The loop whose connections are handed out. */
export interface TicketOffice<Connection> {
  /** Follows the server. Called once; what it returns is called at the end. */
  subscribe(): () => void;
  /** Whether consumers have to wait though there are connections. */
  isHeldBack(): boolean;
  /** What a consumer is told at the end, or throws. */
  conclude(): IteratorResult<Connection, undefined>;
}

/**
 * Hands out what is queued. Who asks while something waits, and nobody else does, takes it at once.
 * Others wait, and are woken with a ticket when there is a connection for them; who is woken takes
 * the one that has waited longest, and waits on if the client has left meanwhile.
 */
export class Tickets<Connection> {
  readonly #queue: ConnectionQueue<Connection>;
  readonly #office: TicketOffice<Connection>;
  readonly #line: AsyncIterableIterator<[]>;
  #issueOne = (): void => {};
  /** Issued, to consumers that are not awake yet. */
  #unused = 0;

  constructor(queue: ConnectionQueue<Connection>, office: TicketOffice<Connection>) {
    this.#queue = queue;
    this.#office = office;
    this.#line = eventsToAsync<[]>((issue: () => void) => {
      this.#issueOne = issue;
      return office.subscribe();
    });
  }

  async next(): Promise<IteratorResult<Connection, undefined>> {
    const isFirst = this.#queue.consumers === 0 && !this.#office.isHeldBack();
    let connection = isFirst ? this.#queue.take() : undefined;
    let isOver = false;
    while (connection === undefined && !isOver) {
      // One `await` in all: each costs every connection a tenth of a microsecond.
      isOver = (await this.#wait()).done === true;
      this.#queue.consumers -= 1;
      if (!isOver) this.#unused -= 1;
      // Without a ticket, too: events-to-async wakes who waits with `done` when it ends.
      connection = this.#queue.take();
    }
    return connection === undefined ? this.#office.conclude() : { done: false, value: connection };
  }

  /** Wakes as many consumers as there are connections for. */
  issue(): void {
    while (this.#unused < Math.min(this.#queue.size, this.#queue.consumers)) {
      this.#unused += 1;
      this.#issueOne();
    }
  }

  /** Wakes every consumer, and issues no more. */
  end(): void {
    void this.#line.return?.();
  }

  #wait(): Promise<IteratorResult<[], unknown>> {
    this.#queue.consumers += 1;
    const ticket = this.#line.next();
    if (!this.#office.isHeldBack()) this.issue();
    return ticket;
  }
}
