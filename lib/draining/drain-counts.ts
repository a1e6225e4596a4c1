import { attemptOf } from '../primitives/hear.ts';
import type { AnySocket } from '../protocols/protocol.ts';
import type { DrainReport, DrainStats } from '../reports.ts';
import { type OnStraggler, Stragglers } from '../shutdown/stragglers.ts';
import type { Census } from './census.ts';
import type { EarlierConnections } from './earlier-connections.ts';

/** What becomes of the connections of one drain: the counts, and the stragglers. */
export class DrainCounts {
  readonly #open: Census;
  readonly #earlier: EarlierConnections;
  readonly #stragglers = new Stragglers();
  /** The subjects listed since `beginForce()`. Some of them may have been listed before, too. */
  readonly #listed = new Set<object>();

  /**
   * @param open - The connections that are known.
   * @param earlier - Those from before the call of `drain`.
   */
  constructor(open: Census, earlier: EarlierConnections) {
    this.#open = open;
    this.#earlier = earlier;
  }

  get stats(): DrainStats {
    const size = this.#open.size + this.#earlier.size;
    const forced = this.#stragglers.size;
    if (this.#open.total === undefined) return { open: size, finished: 0, forced };
    const total = this.#open.total + this.#earlier.total;
    // Some connections are listed as stragglers before their `'close'` has come.
    const open = Math.max(0, Math.min(size - this.#closing, total - forced));
    return { open, finished: Math.max(0, total - forced - open), forced };
  }

  /** How many stragglers have not closed yet. */
  get #closing(): number {
    let closing = 0;
    for (const subject of this.#stragglers.subjects) {
      const destroyed = attemptOf(subject, 'destroyed', () => (subject as AnySocket).destroyed);
      if (this.#open.has(subject) || destroyed === false) closing += 1;
    }
    return closing;
  }

  /**
   * Counts the connections that were open when the shutdown began, or came after that. Call it once,
   * at the end.
   */
  report(): Omit<DrainReport, 'duration'> {
    const stragglers = this.#stragglers.take();
    this.#listed.clear();
    const total = (this.#open.total ?? 0) + this.#earlier.total;
    const forced = stragglers.length;
    return { finished: Math.max(0, total - forced), forced, stragglers };
  }

  /**
   * The end by force begins.
   *
   * @returns What lists the connections that no tracker has listed by then. To be called last.
   */
  beginForce(): () => void {
    const known = this.#open.size + this.#open.left;
    const earlier = this.#earlier.size;
    this.#listed.clear();
    return () => this.#listUnknown(known - this.#open.left + earlier - this.#listed.size);
  }

  /** Lists the connections from before, if they are counted only after the others were listed. */
  listEarlier(): void {
    this.#listUnknown(this.#earlier.size);
  }

  readonly add: OnStraggler = (straggler, subject) => {
    this.#listed.add(subject);
    this.#stragglers.add(straggler, subject);
  };

  #listUnknown(count: number): void {
    for (let left = count; left > 0; left -= 1) this.add(this.#earlier.describe(), {});
  }
}
