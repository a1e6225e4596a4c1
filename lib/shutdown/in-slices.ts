import { SLICES_LATE_MS, SLICE_MS } from '../bounds.ts';
import { attempt } from '../primitives/attempt.ts';
import { setImmediate } from '../primitives/timers.ts';

/** Stands among them where the event loop has to turn before the next one. */
export const turn: unique symbol = Symbol('turn');

/** What ends one thing by force. */
export type End = (() => void) | typeof turn;

interface SlicesOptions {
  /**
   * Whether a deadline has passed. A tenth of a second later what is left is done in one go then: in
   * each turn between two slices somebody may compute, and Node closes what was ended before.
   */
  readonly isLate?: boolean;
}

/**
 * Ends many, in slices between which the event loop turns: ten thousand sockets take a third of a
 * second to destroy. The first slice is done in this very call. One whose end throws, which is
 * somebody's own method then, is warned of, and the others are ended all the same.
 *
 * @param onDone - Called after the last one, perhaps at once.
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
