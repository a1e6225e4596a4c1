import { attempt } from './attempt.ts';

/** How long a slice takes, in milliseconds: what else the process does is late by no more. */
export const SLICE_MS = 10;

/** Stands among them where the event loop has to turn before the next one. */
export const turn: unique symbol = Symbol('turn');

/** What ends one thing by force. */
export type End = (() => void) | typeof turn;

/** When slices begin to grow where a deadline has passed, in milliseconds after it. */
const LATE_MS = 100;

/** How much longer each slice is then than the one before. */
const GROWTH = 2;

interface SlicesOptions {
  /**
   * Whether a deadline has passed. After a tenth of a second slices grow then, so that the turns
   * between them, in which somebody may compute, are few.
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
  const late = isLate ? performance.now() + LATE_MS : Infinity;
  let length = SLICE_MS;
  const doSlice = (): void => {
    const now = performance.now();
    if (now > late) length *= GROWTH;
    const due = now + length;
    for (;;) {
      const { done, value: end } = iterator.next();
      if (done) return onDone();
      if (end !== turn) attempt(end);
      if (end === turn || performance.now() >= due) return void setImmediate(doSlice);
    }
  };
  doSlice();
}
