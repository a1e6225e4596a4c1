import { after } from '../primitives/after.ts';
import { Deadline } from './deadline.ts';
import { type End, inSlices } from './in-slices.ts';

/** A serving or a draining, as its shutdown sees it. */
export interface ShutdownHost {
  /** Grace is over. @returns What ends by force everything that is left. */
  force(): Iterable<End>;
  /**
   * Everything has been ended by force.
   *
   * @param spent - Milliseconds that this took.
   * @returns Milliseconds to wait for handlers that settle, or connections that close. After that,
   * the shutdown is over.
   */
  onForced(spent: number): number;
  /** Whether nothing is left to wait for. */
  isDone(): boolean;
  /** The shutdown is over. Called once. */
  onOver(): void;
}

/**
 * The deadline and the end of one shutdown, for `serve` and `drain`. The shutdown is over when
 * nothing is left. If the deadline has passed, it is over a moment after everything has been ended
 * by force.
 */
export class Shutdown {
  readonly #host: ShutdownHost;
  readonly #deadline = new Deadline(() => this.#force());
  #state: 'waiting' | 'forcing' | 'forced' | 'over' = 'waiting';
  #isAtOnce = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(host: ShutdownHost) {
    this.#host = host;
  }

  /** Whether the deadline has passed. */
  get isForced(): boolean {
    return this.#state === 'forcing' || this.#state === 'forced';
  }

  /** Whether the ends by force are still being done, slice by slice. */
  get isForcing(): boolean {
    return this.#state === 'forcing';
  }

  get isOver(): boolean {
    return this.#state === 'over';
  }

  /** Milliseconds until the deadline. */
  get left(): number {
    return this.#deadline.left;
  }

  /** Sets the deadline to `grace` milliseconds from now, unless an earlier one stands. */
  setDeadline(grace: number): void {
    this.#isAtOnce = grace === 0;
    this.#deadline.set(grace);
    this.#isAtOnce = false;
  }

  /** Ends the shutdown if the host is done. Called after each change. */
  check(): void {
    if (this.#state !== 'forcing' && this.#state !== 'over' && this.#host.isDone()) this.#end();
  }

  #force(): void {
    if (this.#state === 'over') return;
    this.#state = 'forcing';
    const begun = performance.now();
    const onDone = (): void => {
      if (this.#state === 'over') return;
      this.#state = 'forced';
      const left = this.#host.onForced(performance.now() - begun);
      if (left > 0) this.#timer = after(left, () => this.#end());
      // The last tasks were told in this slice: their promises settle first. A timer would come
      // only after everything that Node does to close so many sockets.
      else queueMicrotask(() => process.nextTick(() => this.#end()));
      this.check();
    };
    // Without a grace, nothing has promised an end by a time, and the rest of the process goes on.
    inSlices(this.#host.force(), onDone, { bound: this.#isAtOnce ? 'share' : 'time' });
  }

  #end(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#deadline.cancel();
    clearTimeout(this.#timer);
    this.#host.onOver();
  }
}
