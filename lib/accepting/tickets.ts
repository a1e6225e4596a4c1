import { on as eventsToAsync } from 'events-to-async';
import { MAX_LINE } from '../bounds.ts';
import type { Arrival, Queue } from './queue.ts';

/**
 * Hands out the queued connections. A consumer that asks while a connection waits, and no other
 * consumer does, gets it at once.
 *
 * Other consumers wait. When there is a connection for one of them, a ticket wakes it. It takes the
 * connection that has waited longest. If the client has left in the meantime, the consumer waits
 * again.
 */
export class Tickets<Item extends Arrival<Item>> {
  readonly #queue: Queue<Item>;
  readonly #isHeldBack: () => boolean;
  /** Where consumers wait. Those in the first line have waited longest. */
  readonly #lines: Line[] = [];
  #isOver = false;
  /** How many consumers wait. */
  #waiting = 0;
  /** How many tickets are issued to consumers that are not awake yet. */
  #unused = 0;

  /** @param isHeldBack - Whether consumers have to wait, even if connections are queued. */
  constructor(queue: Queue<Item>, isHeldBack: () => boolean) {
    this.#queue = queue;
    this.#isHeldBack = isHeldBack;
  }

  /** How many consumers wait. */
  get consumers(): number {
    return this.#waiting;
  }

  /**
   * @param take - Makes the result for a connection.
   * @param conclude - Makes the result at the end, when the queue is empty.
   */
  next<Given, End>(take: (item: Item) => Given, conclude: () => End): Promise<Given | End> {
    const isFirst = this.#waiting === 0 && !this.#isHeldBack();
    const item = isFirst ? this.#queue.take() : undefined;
    // An async function would make two objects more, and a whole queue may be handed out here.
    return item === undefined ? this.#await(take, conclude) : Promise.resolve(take(item));
  }

  async #await<Given, End>(take: (item: Item) => Given, conclude: () => End): Promise<Given | End> {
    let item: Item | undefined;
    let isOver = false;
    while (item === undefined && !isOver) {
      // Only one `await`: each of them costs a tenth of a microsecond for every connection.
      isOver = (await this.#wait()).done === true;
      this.#waiting -= 1;
      if (!isOver) this.#unused -= 1;
      // Even without a ticket: at the end, events-to-async wakes each waiting consumer with `done`.
      item = this.#queue.take();
    }
    return item === undefined ? conclude() : take(item);
  }

  /** Wakes as many waiting consumers as there are queued connections. */
  issue(): void {
    while (this.#unused < Math.min(this.#queue.size, this.#waiting)) {
      this.#unused += 1;
      while (this.#lines[0]?.isServed) this.#lines.shift();
      this.#lines[0]?.issue();
    }
  }

  /** Wakes every consumer. No tickets are issued after that. */
  end(): void {
    this.#isOver = true;
    for (const line of this.#lines) line.end();
  }

  #wait(): Promise<IteratorResult<[], unknown>> {
    this.#waiting += 1;
    const ticket = this.#lastLine.join();
    if (!this.#isHeldBack()) this.issue();
    return ticket;
  }

  get #lastLine(): Line {
    const last = this.#lines.at(-1);
    if (last && (this.#isOver || !last.isFull)) return last;
    const line = new Line();
    if (this.#isOver) line.end();
    this.#lines.push(line);
    return line;
  }
}

/**
 * A line of consumers. In events-to-async, the time of a ticket grows with the length of a line, if
 * that is tens of thousands. So a full line is followed by another.
 */
class Line {
  readonly #tickets: AsyncIterableIterator<[]>;
  #issueOne = (): void => {};
  #joined = 0;
  #served = 0;

  constructor() {
    this.#tickets = eventsToAsync<[]>((issue: () => void) => {
      this.#issueOne = issue;
      return () => {};
    });
  }

  get isFull(): boolean {
    return this.#joined >= MAX_LINE;
  }

  /** Whether it is full, and each consumer has a ticket. */
  get isServed(): boolean {
    return this.isFull && this.#served === this.#joined;
  }

  /** @returns The ticket. */
  join(): Promise<IteratorResult<[], unknown>> {
    this.#joined += 1;
    return this.#tickets.next();
  }

  /** Wakes the consumer that has waited longest. */
  issue(): void {
    this.#served += 1;
    this.#issueOne();
  }

  /** Wakes every consumer, now and later. */
  end(): void {
    void this.#tickets.return?.();
  }
}
