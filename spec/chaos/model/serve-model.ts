import { expect } from './history.ts';

export type Fate =
  | 'waiting'
  | 'running'
  | 'completed'
  | 'failed'
  | 'shed'
  | 'lost'
  | 'discarded'
  | 'forced';

export interface ServeLimits {
  readonly maxQueued: number;
  readonly concurrency: number;
}

/** What a serving has to do with each connection, and when it is over. */
export class ServeModel {
  readonly fates: Fate[] = [];
  readonly #limits: ServeLimits;
  readonly #gone = new Set<number>();
  waiting: number[] = [];
  /** What its handler runs for, or has settled in this go. */
  readonly running = new Set<number>();
  /** When the shutdown began, and when grace is over. */
  begun = Infinity;
  due = Infinity;
  forcedAt = Infinity;

  constructor(limits: ServeLimits) {
    this.#limits = limits;
  }

  get isForced(): boolean {
    return this.forcedAt < Infinity;
  }

  arrive(): void {
    const { maxQueued, concurrency } = this.#limits;
    // What there is a slot for takes no place.
    const isFull = this.waiting.length >= maxQueued + Math.max(0, concurrency - this.running.size);
    this.fates.push(isFull ? 'shed' : 'waiting');
    if (!isFull) this.waiting.push(this.fates.length - 1);
  }

  depart(id: number): void {
    this.#gone.add(id);
  }

  /** Its handler was called. */
  start(id: number): void {
    let next = this.waiting.shift();
    while (next !== undefined && next !== id) {
      expect(this.#gone.has(next), true, 'passed by only what has gone');
      this.fates[next] = 'lost';
      next = this.waiting.shift();
    }
    expect(next, id, 'served what has waited longest');
    this.fates[id] = 'running';
    this.running.add(id);
    expect(this.forcedAt, Infinity, 'begun before grace was over');
  }

  /** A shutdown begins, or has a deadline that may be earlier. */
  stop(now: number, grace: number): void {
    this.begun = Math.min(this.begun, now);
    this.due = Math.min(this.due, now + grace);
  }

  /** Grace is over. */
  force(now: number): void {
    this.forcedAt = now;
    for (const id of this.running) this.fates[id] = 'forced';
    for (const id of this.waiting) this.fates[id] = 'discarded';
    this.waiting = [];
  }

  /** A handler has settled, and microtasks have run dry. */
  settle(id: number, fate: 'completed' | 'failed'): void {
    this.running.delete(id);
    if (this.fates[id] === 'running') this.fates[id] = fate;
  }

  /** Who has a free slot has looked who waits, before whatever else comes in the turn. */
  passByGone(hasLeft: (id: number) => boolean): void {
    const { concurrency } = this.#limits;
    for (let [id] = this.waiting; id !== undefined; [id] = this.waiting) {
      if (this.running.size >= concurrency || !this.#gone.has(id) || !hasLeft(id)) return;
      this.fates[id] = 'lost';
      this.waiting.shift();
    }
  }

  /**
   * Microtasks have run dry.
   *
   * @param isLastCall - What there is room for may be held back then.
   */
  rest(isLastCall: boolean): void {
    for (const id of this.waiting) if (this.#gone.has(id)) this.fates[id] = 'lost';
    this.waiting = this.waiting.filter((id) => !this.#gone.has(id));
    const { concurrency, maxQueued } = this.#limits;
    const mayHoldBack = isLastCall && this.waiting.length < maxQueued;
    const isServed = this.running.size >= concurrency || this.waiting.length === 0;
    expect(isServed || mayHoldBack, true, 'nobody waits while a slot is free');
    const isWithin = this.running.size <= concurrency || this.isForced;
    expect(isWithin, true, 'within concurrency');
  }

  count(fate: Fate): number {
    let count = 0;
    for (const one of this.fates) if (one === fate) count += 1;
    return count;
  }
}
