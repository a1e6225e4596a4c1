import { warn } from './warn.ts';

/** How long a slice takes, in milliseconds: what else the process does is late by no more. */
const SLICE_MS = 10;

/**
 * Ends many, in slices between which the event loop turns: ten thousand sockets take a third of a
 * second to destroy. The first slice is done in this very call. One whose end throws, which is
 * somebody's own method then, is warned of, and the others are ended all the same.
 *
 * @param onDone - Called after the last one, perhaps at once.
 */
export function inSlices(ends: Iterable<() => void>, onDone: () => void): void {
  const iterator = ends[Symbol.iterator]();
  const doSlice = (): void => {
    const due = performance.now() + SLICE_MS;
    for (;;) {
      const { done, value: end } = iterator.next();
      if (done) return onDone();
      attempt(end);
      if (performance.now() >= due) return void setImmediate(doSlice);
    }
  };
  doSlice();
}

function attempt(end: () => void): void {
  try {
    end();
  } catch (error) {
    warn(error);
  }
}
