import { on as eventsToAsync } from 'events-to-async';
import type { Arrival, Queue } from './queue.ts';

/**
 * Hands out what is queued. A consumer that asks while a connection waits, and no other consumer
 * does, gets it at once. Others wait, and are woken with a ticket when there is a connection for
 * them; a consumer that is woken takes the one that has waited longest, and waits on if its client
 * has left meanwhile.
 */
export class Tickets<Item extends Arrival<Item>> {
  readonly #queue: Queue<Item>;
  readonly #isHeldBack: () => boolean;
  readonly #line: AsyncIterableIterator<[]>;
  #issueOne = (): void => {};
  /** Consumers that wait. */
  #waiting = 0;
  /** Issued, to consumers that are not awake yet. */
  #unused = 0;

  /** @param isHeldBack - Whether consumers have to wait though there are connections. */
  constructor(queue: Queue<Item>, isHeldBack: () => boolean) {
    this.#queue = queue;
    this.#isHeldBack = isHeldBack;
    this.#line = eventsToAsync<[]>((issue: () => void) => {
      this.#issueOne = issue;
      return () => {};
    });
  }

  /** How many consumers wait. */
  get consumers(): number {
    return this.#waiting;
  }

  /**
   * @param take - Makes what is returned of a connection.
   * @param conclude - What is returned at the end, when nothing is queued any more.
   */
  async next<Given, End>(take: (item: Item) => Given, conclude: () => End): Promise<Given | End> {
    const isFirst = this.#waiting === 0 && !this.#isHeldBack();
    let item = isFirst ? this.#queue.take() : undefined;
    let isOver = false;
    while (item === undefined && !isOver) {
      // One `await` in all: each costs every connection a tenth of a microsecond.
      isOver = (await this.#wait()).done === true;
      this.#waiting -= 1;
      if (!isOver) this.#unused -= 1;
      // Without a ticket, too: events-to-async wakes a waiting consumer with `done` when it ends.
      item = this.#queue.take();
    }
    return item === undefined ? conclude() : take(item);
  }

  /** Wakes as many consumers as there are connections for. */
  issue(): void {
    while (this.#unused < Math.min(this.#queue.size, this.#waiting)) {
      this.#unused += 1;
      this.#issueOne();
    }
  }

  /** Wakes every consumer, and issues no more. */
  end(): void {
    void this.#line.return?.();
  }

  #wait(): Promise<IteratorResult<[], unknown>> {
    this.#waiting += 1;
    const ticket = this.#line.next();
    if (!this.#isHeldBack()) this.issue();
    return ticket;
  }
}
