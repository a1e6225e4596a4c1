import { on as eventsToAsync } from 'events-to-async';

/**
 * What wakes the consumers of a loop: a ticket for each connection that is queued. The queue has
 * the connections; a ticket outlives one that closes while it waits, and serves the next.
 */
export class Tickets {
  readonly #line: AsyncIterableIterator<[]>;
  #issueOne = (): void => {};
  #unused = 0;

  /** @param subscribe - Called once; what it returns is called at the end. */
  constructor(subscribe: () => () => void) {
    this.#line = eventsToAsync<[]>((issue: () => void) => {
      this.#issueOne = issue;
      return subscribe();
    });
  }

  /** Waits for one. At the end who waits is woken with none, `done`: there may be something queued. */
  next(): Promise<IteratorResult<[]>> {
    return this.#line.next();
  }

  /** One that was given is used. */
  use(): void {
    this.#unused -= 1;
  }

  /** Has so many be there. */
  issue(count: number): void {
    while (this.#unused < count) {
      this.#unused += 1;
      this.#issueOne();
    }
  }

  /** Wakes every consumer, and issues no more. */
  end(): void {
    void this.#line.return?.();
  }
}
