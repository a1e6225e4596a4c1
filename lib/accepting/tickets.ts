import { on as eventsToAsync } from 'events-to-async';
import { MAX_LINE } from '../bounds.ts';
import type { Arrival, Queue } from './queue.ts';

const nothing = (): void => {};

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
  /** The last line, and how many consumers have joined it. */
  #last: Line = newLine();
  #joined = 0;
  /** Where consumers wait. Those in the first line have waited longest. */
  readonly #lines: Line[] = [this.#last];
  /** How many tickets were issued to the first line. */
  #served = 0;
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
      if (this.#served === MAX_LINE) {
        this.#lines.shift();
        this.#served = 0;
      }
      this.#served += 1;
      this.#lines[0]?.issue();
    }
  }

  /** Wakes every consumer. No tickets are issued after that. */
  end(): void {
    this.#isOver = true;
    for (const { tickets } of this.#lines) void tickets.return?.();
  }

  #wait(): Promise<IteratorResult<[], unknown>> {
    this.#waiting += 1;
    if (this.#joined === MAX_LINE) this.#addLine();
    this.#joined += 1;
    const ticket = this.#last.tickets.next();
    if (!this.#isHeldBack()) this.issue();
    return ticket;
  }

  #addLine(): void {
    this.#last = newLine();
    this.#lines.push(this.#last);
    this.#joined = 0;
    if (this.#isOver) void this.#last.tickets.return?.();
  }
}

/**
 * A line of consumers. In events-to-async, the time of a ticket grows with the length of a line, if
 * that is tens of thousands. So a full line is followed by another.
 */
interface Line {
  readonly tickets: AsyncIterableIterator<[]>;
  /** Wakes the consumer that has waited longest. */
  readonly issue: () => void;
}

function newLine(): Line {
  let issue = nothing;
  const tickets = eventsToAsync<[]>((issueOne: () => void) => {
    issue = issueOne;
    return nothing;
  });
  return { tickets, issue };
}
