import { SLICE_MS } from '../bounds.ts';
import type { Acceptor } from '../accepting/acceptor.ts';
import { setImmediate } from '../primitives/timers.ts';
import type { Shutdown } from '../shutdown/shutdown.ts';
import type { Task } from './task.ts';
import type { TaskRunner } from './task-runner.ts';

/**
 * Begins a task for each connection that is queued, as long as there is a slot, in order of arrival;
 * many that have waited for the end of the last call in slices, between which the event loop turns.
 */
export class Slots<Connection> {
  readonly #acceptor: Acceptor<Task<Connection>>;
  readonly #runner: TaskRunner<Connection>;
  readonly #count: number;
  readonly #shutdown: Shutdown;
  /** A look at the slots is due: in a microtask, or in the next turn after a slice. */
  #pending: 'nothing' | 'look' | 'slice' = 'nothing';

  /** @param count - How many there are. @param shutdown - May be over when a slot is free. */
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

  /** Looks soon, once for all that has changed in one go: a slot is free, or it is the end. */
  look(): void {
    const { queue, isOver } = this.#acceptor;
    if (this.#pending !== 'nothing' || (queue.size === 0 && !isOver)) return;
    this.#pending = 'look';
    queueMicrotask(() => {
      if (this.#pending === 'look') this.#fillOn();
    });
  }

  /** Begins as many as there are slots for. */
  fill(): void {
    // Those that wait for the next slice were here before.
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
