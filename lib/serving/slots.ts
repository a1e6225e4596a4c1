import { SLICE_MS } from '../bounds.ts';
import type { Acceptor } from '../accepting/acceptor.ts';
import { setImmediate } from '../primitives/timers.ts';
import type { Shutdown } from '../shutdown/shutdown.ts';
import type { Task } from './task.ts';
import type { TaskRunner } from './task-runner.ts';

/**
 * Starts a task for each queued connection, in order of arrival, as long as a slot is free. Many
 * connections may have waited for the end of the last call. They are started in slices, and the
 * event loop turns between two slices.
 */
export class Slots<Connection> {
  readonly #acceptor: Acceptor<Task<Connection>>;
  readonly #runner: TaskRunner<Connection>;
  readonly #count: number;
  readonly #shutdown: Shutdown;
  /** Whether a look at the slots is due: in a microtask, or in the next turn after a slice. */
  #pending: 'nothing' | 'look' | 'slice' = 'nothing';

  /**
   * @param count - The number of slots.
   * @param shutdown - Checked after each look: a free slot may mean that the shutdown is over.
   */
  constructor(
    acceptor: Acceptor<Task<Connection>>,
    runner: TaskRunner<Connection>,
    count: number,
    shutdown: Shutdown,
  ) {
    this.#acceptor = acceptor;
    this.#runner = runner;
    this.#count = count;
    this.#shutdown = shutdown;
  }

  get free(): number {
    return Math.max(0, this.#count - this.#runner.size);
  }

  /**
   * Call it when a slot may be free, or the end may have come. It looks in a microtask, once for
   * all calls before that.
   */
  look(): void {
    const { queue, isOver } = this.#acceptor;
    if (this.#pending !== 'nothing' || (queue.size === 0 && !isOver)) return;
    this.#pending = 'look';
    queueMicrotask(() => {
      if (this.#pending === 'look') this.#fillOn();
    });
  }

  /** Starts as many tasks as there are free slots. */
  fill(): void {
    // The connections that wait for the next slice came earlier.
    if (this.#pending === 'slice') return;
    const { queue } = this.#acceptor;
    const due = queue.size > 1 ? performance.now() + SLICE_MS : Infinity;
    while (this.#runner.size < this.#count) {
      const task = queue.take();
      if (task === undefined) break;
      this.#runner.start(task);
      if (due === Infinity || queue.size === 0 || performance.now() < due) continue;
      this.#pending = 'slice';
      setImmediate(() => this.#fillOn());
      return;
    }
  }

  #fillOn(): void {
    this.#pending = 'nothing';
    if (!this.#acceptor.isHoldingBack) this.fill();
    this.#shutdown.check();
  }
}
