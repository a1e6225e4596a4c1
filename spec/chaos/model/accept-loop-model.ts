import { expect } from './history.ts';

/** What became of a connection: `either` of lost and discarded, in one go. */
export type Fate = 'waiting' | 'yielded' | 'shed' | 'lost' | 'discarded' | 'either' | 'unheard';

/** Somebody who asks a loop for so many connections. Who leaves breaks a `for await` at the last. */
export interface Pull {
  left: number;
  readonly leaves: boolean;
}

/** What consumers have seen since the last time. */
export interface Seen {
  /** In the order of time. */
  readonly yields: readonly { readonly pull: Pull; readonly id: number }[];
  /** Who was told that the loop is over. */
  readonly ends: readonly Pull[];
  /** How many of them by the failure. */
  readonly failures: number;
}

/**
 * What a loop has to do with each connection. It knows nothing of how: only who has arrived, who
 * waits, and how many ask. Which consumer gets which connection is open; that the one that has
 * waited longest is the next, and that nobody waits for it while it waits, is not; but in the last call.
 */
export class AcceptLoopModel {
  readonly fates: Fate[] = [];
  readonly maxQueued: number;
  /** In order of arrival. */
  waiting: number[] = [];
  readonly asking = new Set<Pull>();
  isOver = false;
  /** What one of those that find nothing has to be told. */
  hasFailure = false;
  #hasLeft = false;
  /** The clients that have left. */
  readonly #gone = new Set<number>();
  /** Taken by who asked while they waited and nobody else did; he has not seen them yet. */
  #taken: number[] = [];
  /** Perhaps taken so: a last call holds back what it has room for. */
  readonly #claimed = new Set<number>();

  constructor(maxQueued: number) {
    this.maxQueued = maxQueued;
  }

  /** Whether there is nothing to come and nothing to tell any more. */
  get hasNothing(): boolean {
    return this.isOver && this.waiting.length === 0 && !this.hasFailure;
  }

  arrive(): void {
    const parked = this.asking.size - this.#taken.length;
    const isFull = this.waiting.length >= this.maxQueued + parked;
    const id = this.fates.length;
    if (this.isOver) this.fates.push('unheard');
    else if (isFull) this.fates.push('shed');
    else {
      this.fates.push('waiting');
      this.waiting.push(id);
    }
  }

  depart(id: number): void {
    this.#gone.add(id);
  }

  /** @param mayHoldBack - In the last call. */
  ask(count: number, leaves: boolean, mayHoldBack: boolean): Pull {
    const pull = { left: count, leaves };
    if (this.asking.size === this.#taken.length) this.#takeAtOnce(mayHoldBack);
    this.asking.add(pull);
    return pull;
  }

  /** The server is broken. */
  fail(): void {
    this.isOver = true;
    this.hasFailure = true;
  }

  /** What waits is refused, and nothing more comes. */
  leave(): void {
    this.isOver = true;
    this.#hasLeft = true;
    for (const id of this.waiting) {
      const mayBeLost = this.#claimed.has(id) && this.#gone.has(id);
      this.fates[id] = mayBeLost ? 'either' : 'discarded';
    }
    this.waiting = [];
  }

  /** Somebody leaves while clients do, and others have just been served. */
  leaveInOneGo(yields: Seen['yields'] = []): void {
    this.#serveAll(yields);
    const { waiting } = this;
    this.leave();
    for (const id of waiting) if (this.#gone.has(id)) this.fates[id] = 'either';
  }

  /** One comes in the very emit in which somebody leaves. */
  arriveTooLate(): void {
    this.leave();
    this.fates.push('discarded');
  }

  /**
   * Microtasks have run dry: so many have been served.
   *
   * @param isLastCall - The loop may hold back then what it has room for.
   */
  serve(yields: Seen['yields'], isLastCall: boolean): void {
    const hasLeft = this.#serveAll(yields);
    for (const id of this.waiting) if (this.#gone.has(id)) this.fates[id] = 'lost';
    if (hasLeft) this.leaveInOneGo();
    this.waiting = this.waiting.filter((id) => !this.#gone.has(id));
    expect(this.#taken.length, 0, 'yielded what was taken');
    this.#claimed.clear();
    const mayHoldBack = isLastCall && this.waiting.length < this.maxQueued;
    const isServed = this.asking.size === 0 || this.waiting.length === 0;
    expect(isServed || mayHoldBack, true, 'nobody waits for what waits');
  }

  /** These were told of the end, and no others ask. */
  end({ ends, failures }: Seen): void {
    if (this.isOver) expect(this.asking.size, ends.length, 'told of the end');
    else expect(ends.length, 0, 'told of the end before it');
    for (const pull of ends) expect(this.asking.delete(pull), true, 'asked');
    this.#tell(ends.length > 0, failures);
  }

  count(fate: Fate): number {
    let count = 0;
    for (const one of this.fates) if (one === fate) count += 1;
    return count;
  }

  /** @returns Whether one of them leaves the loop then. */
  #serveAll(yields: Seen['yields']): boolean {
    return yields.filter(({ pull, id }) => this.#serve(pull, id)).length > 0;
  }

  /** @returns Whether it leaves the loop then. */
  #serve(pull: Pull, id: number): boolean {
    expect(this.asking.has(pull), true, 'yielded to one that asks');
    this.#take(id);
    this.fates[id] = 'yielded';
    pull.left -= 1;
    if (pull.left > 0) return false;
    this.asking.delete(pull);
    return pull.leaves;
  }

  #takeAtOnce(mayHoldBack: boolean): void {
    const id = this.waiting.find((waiting) => !this.#gone.has(waiting));
    const place = id === undefined ? this.waiting.length : this.waiting.indexOf(id);
    // Those before it, and it.
    const passed = this.waiting.slice(0, place + 1);
    if (mayHoldBack) return passed.forEach((waiting) => this.#claimed.add(waiting));
    for (const gone of passed.slice(0, place)) this.fates[gone] = 'lost';
    this.waiting.splice(0, passed.length);
    if (id !== undefined) this.#taken.push(id);
  }

  /** It is out of the queue, and so are those before it. */
  #take(id: number): void {
    if (this.#taken[0] === id) this.#taken.shift();
    else if (!this.#claimed.has(id) || this.waiting.includes(id)) this.#pass(id);
  }

  #pass(id: number): void {
    let next = this.waiting.shift();
    while (next !== undefined && next !== id) {
      expect(this.#gone.has(next), true, 'passed by only what has gone');
      this.fates[next] = 'lost';
      next = this.waiting.shift();
    }
    expect(next, id, 'yielded what waited');
  }

  #tell(isTold: boolean, failures: number): void {
    // Who leaves in the same go may be before it.
    if (this.hasFailure && isTold && !this.#hasLeft) expect(failures, 1, 'told of the failure');
    else expect(failures <= (this.hasFailure ? 1 : 0), true, 'told of a failure that is');
    if (isTold || this.#hasLeft) this.hasFailure = false;
  }
}
