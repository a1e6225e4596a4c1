import assert from 'node:assert/strict';
import { VirtualClock } from './virtual-clock.ts';

/**
 * Something that may happen to a history; `choice` tells to whom, where there are several. Where it
 * makes no sense it does nothing, and is `false`.
 */
export type Happening<Kind extends History> = (history: Kind, choice: number) => unknown;

/** What somebody outside will do sooner or later. */
interface Later {
  readonly label: string;
  readonly happen: () => void;
}

/** How many steps an end may take: the longest last call has a hundred turns. */
const STEPS = 2000;

/**
 * What happens to one system under test, from its beginning to its end, in a time of its own, with
 * what is expected of it. Whoever makes some has to `VirtualClock.uninstall()` at last.
 */
export abstract class History {
  readonly clock = new VirtualClock();
  readonly later: Later[] = [];
  /** How long turns take, in milliseconds: a brief one and a long one, by turns. */
  readonly #turns: readonly number[];
  #turnsTaken = 0;

  /** How many of Node's ticks follow from one another at the most. */
  readonly #ticks: number;

  constructor(ticks: number, longTurn = 6) {
    this.#turns = [0.05, longTurn];
    this.#ticks = ticks;
    VirtualClock.install(this.clock);
  }

  /** Asserts what holds at every instant. */
  abstract check(): void;
  /** Asserts what holds when microtasks have run dry. */
  abstract checkDry(): void;
  /** Brings about the end, and asserts what holds then. */
  protected abstract end(): Promise<void>;
  /** A turn begins. */
  protected onTurn(): void {}

  /**
   * Lets things happen, in one go, and then what follows from them.
   *
   * @returns `false` when nothing came of the last one.
   */
  async happen(...happenings: readonly (() => unknown)[]): Promise<boolean> {
    let last: unknown;
    for (const happening of happenings) {
      last = happening();
      this.check();
    }
    await this.dry();
    return last !== false;
  }

  async turn(): Promise<boolean> {
    if (this.clock.immediates === 0) return false;
    const milliseconds = this.#turns[this.#turnsTaken % this.#turns.length] ?? 0;
    this.#turnsTaken += 1;
    // What is due comes first, as in the event loop.
    while (this.clock.nextDue <= this.clock.now + milliseconds) await this.pass();
    this.onTurn();
    await this.clock.turn(milliseconds, () => this.dry());
    return true;
  }

  /** Time passes until the next timer is due: it fires, and all others that are due then. */
  async pass(): Promise<boolean> {
    const { clock } = this;
    if (clock.timers === 0) return false;
    clock.pass();
    while (clock.nextDue <= clock.now) {
      this.check();
      await this.#runDry();
      clock.pass();
    }
    this.check();
    await this.dry();
    return true;
  }

  /** Runs to the end, whatever has happened. */
  async finish(): Promise<void> {
    await this.dry();
    await this.end();
    await this.dry();
    expect(this.clock.timers + this.clock.immediates, 0, 'timers left');
  }

  /** Lets turns and time pass until `isOver`, but not beyond a time. */
  protected async passUntil(isOver: () => boolean, last = Infinity): Promise<void> {
    for (let steps = 0; !isOver(); steps += 1) {
      assert.ok(steps < STEPS, 'it takes no end');
      const next = this.later.shift();
      if (next) await this.happen(next.happen);
      else if (this.clock.immediates > 0) await this.turn();
      else if (this.clock.nextDue <= last) await this.pass();
      else return;
    }
  }

  async dry(): Promise<void> {
    await this.#runDry();
    this.checkDry();
    this.check();
  }

  async #runDry(): Promise<void> {
    for (let ticks = 0; ticks < this.#ticks; ticks += 1) {
      await new Promise<void>((resolve) => process.nextTick(resolve));
    }
  }
}

/** As `assert.equal`, for millions of times. */
export function expect(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected)
    assert.equal(actual, expected, `${what}: ${String(actual)}, not ${String(expected)}`);
}
