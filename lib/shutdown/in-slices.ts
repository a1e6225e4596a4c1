import { SLICES_LATE_MS, SLICE_MS } from '../bounds.ts';
import { attempt } from '../primitives/attempt.ts';
import { setImmediate } from '../primitives/timers.ts';

/** Put among ends, it makes the event loop turn before the next end. */
export const turn: unique symbol = Symbol('turn');

/** What ends one thing by force. */
export type End = (() => void) | typeof turn;

interface SlicesOptions {
  /**
   * Whether a deadline has passed. If so, what is left after `SLICES_LATE_MS` is ended in one go.
   * Otherwise handlers that compute between two slices could delay the end. So could Node, which
   * closes there what was ended before.
   */
  readonly isLate?: boolean;
}

/**
 * Ends many things in slices. The event loop turns between two slices, because destroying ten
 * thousand sockets takes a third of a second.
 *
 * The first slice is done in this call. If an end throws, which only a method of another owner
 * does, that becomes a process warning, and the others are ended all the same.
 *
 * @param onDone - Called after the last end, perhaps in this call.
 */
export function inSlices(
  ends: Iterable<End>,
  onDone: () => void,
  { isLate = false }: SlicesOptions = {},
): void {
  const iterator = ends[Symbol.iterator]();
  const late = isLate ? performance.now() + SLICES_LATE_MS : Infinity;
  const doSlice = (): void => {
    const now = performance.now();
    const due = now > late ? Infinity : now + SLICE_MS;
    for (;;) {
      const { done, value: end } = iterator.next();
      if (done) return onDone();
      if (end !== turn) attempt(end);
      if (end === turn || performance.now() >= due) return void setImmediate(doSlice);
    }
  };
  doSlice();
}
