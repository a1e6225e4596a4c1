import { LEAST_SLICE_MS, SLICES_LATE_MS, SLICES_SHARE, SLICE_MS } from '../bounds.ts';
import { attempt } from '../primitives/attempt.ts';
import { setImmediate } from '../primitives/timers.ts';

/** Put among ends, it makes the event loop turn before the next end. */
export const turn: unique symbol = Symbol('turn');

/** What ends one thing by force. */
export type End = (() => void) | typeof turn;

/** How many calls of `inSlices()` have not ended all. They share the time of a slice in each turn. */
let running = 0;

interface SlicesOptions {
  /**
   * What bounds the time of all slices, so that handlers that compute between two slices do not
   * delay the end. What is left then is ended in one go.
   *
   * - `'time'`: `SLICES_LATE_MS`. A deadline was promised.
   * - `'share'`: a share of the time after that, for code that gets less of it than `SLICES_SHARE`.
   */
  readonly bound?: 'time' | 'share' | undefined;
}

/**
 * Ends many things in slices. The event loop turns between two slices, because destroying ten
 * thousand sockets takes a third of a second. All calls that are under way share the time of one
 * slice.
 *
 * The first slice is done in this call. If an end throws, which only a method of another owner
 * does, that becomes a process warning, and the others are ended all the same.
 *
 * @param onDone - Called after the last end, perhaps in this call.
 */
export function inSlices(
  ends: Iterable<End>,
  onDone: () => void,
  { bound }: SlicesOptions = {},
): void {
  const iterator = ends[Symbol.iterator]();
  let late = bound ? performance.now() + SLICES_LATE_MS : Infinity;
  const doSlice = (): void => {
    const begun = performance.now();
    const due = begun > late ? Infinity : begun + Math.max(SLICE_MS / running, LEAST_SLICE_MS);
    for (;;) {
      const { done, value: end } = iterator.next();
      if (done) break;
      if (end !== turn) attempt(end);
      const now = performance.now();
      if (end !== turn && now < due) continue;
      // What others have ended in the same turn counts as well, up to a whole slice.
      const spent = now - begun;
      if (bound === 'share')
        late += Math.max(spent, Math.min(spent * running, SLICE_MS)) * SLICES_SHARE;
      return void setImmediate(doSlice);
    }
    running -= 1;
    onDone();
  };
  running += 1;
  doSlice();
}

/**
 * Calls `action` with each item, in slices as `inSlices()` does. What is added to a `Map`, `Set` or
 * `ObjectMap` meanwhile has its turn, too, and what is removed has none.
 */
export function eachInSlices<Item>(
  items: Iterable<Item>,
  action: (item: Item) => void,
  onDone: () => void = () => {},
): void {
  inSlices(actions(items, action), onDone);
}

function* actions<Item>(items: Iterable<Item>, action: (item: Item) => void): Generator<End> {
  for (const item of items) yield () => action(item);
}
