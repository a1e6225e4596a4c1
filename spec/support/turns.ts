import { setImmediate as nextTurn } from 'node:timers/promises';

/** Lets the event loop turn, a given number of times. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await nextTurn();
}

/**
 * Lets the event loop turn until `holds` returns `true`. The time limit of the test is the bound.
 */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await nextTurn();
}

export const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Waits until a signal has aborted. @returns Its reason. */
export async function untilAborted(signal: AbortSignal): Promise<unknown> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  return signal.reason;
}

/** Milliseconds. Below that, a thread that sleeps wakes too late to be exact. */
const SHORT = 2;

const nobodyWakes = new Int32Array(new SharedArrayBuffer(4));

/**
 * Blocks the event loop, like a handler that computes. Unless it is short, it leaves the processor to
 * other processes.
 */
export function stall(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  if (milliseconds > SHORT) Atomics.wait(nobodyWakes, 0, 0, milliseconds);
  while (performance.now() < end);
}

/** Makes every turn of the event loop take that long. @returns A function that stops this. */
export function keepBusy(milliseconds: number): () => void {
  let isBusy = true;
  const work = (): void => {
    stall(milliseconds);
    if (isBusy) setImmediate(work);
  };
  work();
  return () => void (isBusy = false);
}
