import { after } from '../primitives/after.ts';
import { Deadline } from './deadline.ts';
import { type End, inSlices } from './in-slices.ts';

/** What is shut down. */
export interface ShutdownHost {
  /** Grace is over. @returns What ends by force all that is left. */
  force(): Iterable<End>;
  /**
   * All of it has been ended by force.
   *
   * @param spent - Milliseconds that this took.
   * @returns Milliseconds in which what was ended may still say so. After that it is over.
   */
  onForced(spent: number): number;
  /** Whether nothing is left to wait for. */
  isDone(): boolean;
  /** It is over. Called once. */
  onOver(): void;
}

/**
 * The deadline of one shutdown, and its end, for `serve` and `drain`: it is over when nothing is left;
 * or, when the deadline has passed, a moment after all has been ended by force.
 */
export class Shutdown {
  readonly #host: ShutdownHost;
  readonly #deadline = new Deadline(() => this.#force());
  #state: 'waiting' | 'forcing' | 'forced' | 'over' = 'waiting';
  #timer: NodeJS.Timeout | undefined;

  constructor(host: ShutdownHost) {
    this.#host = host;
  }

  /** Whether the deadline has passed. */
  get isForced(): boolean {
    return this.#state === 'forcing' || this.#state === 'forced';
  }

  /** Whether what is left is being ended by force, in slices, of which one is still to come. */
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

  /** Sets the deadline, so many milliseconds from now on, unless an earlier one stands. */
  setDeadline(grace: number): void {
    this.#deadline.set(grace);
  }

  /** Something has ended. Is it over? */
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
      // The last were told in this very slice: their promises settle first. A timer would come
      // behind all that Node does when it closes so many.
      else queueMicrotask(() => process.nextTick(() => this.#end()));
      this.check();
    };
    inSlices(this.#host.force(), onDone, { isLate: true });
  }

  #end(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#deadline.cancel();
    clearTimeout(this.#timer);
    this.#host.onOver();
  }
}
