import { setImmediate } from 'node:timers/promises';

/** Lets the event loop turn, a given number of times. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await setImmediate();
}

/** Lets the event loop turn until something holds. The test's time limit is the bound. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await setImmediate();
}

/** Blocks the event loop, as a handler that computes would. */
export function stall(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}
