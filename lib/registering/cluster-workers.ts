import cluster, { type Worker } from 'node:cluster';
import { after } from '../primitives/after.ts';
import { unref } from '../primitives/timers.ts';

/** How many workers this process has, which are in its cluster. */
export function countWorkers(): number {
  return workersOf().length;
}

/** Calls back when it has one more, or one less. */
export function onWorkers(callback: () => void): void {
  if (!cluster.isPrimary) return;
  cluster.on('fork', callback);
  cluster.on('exit', callback);
}

/**
 * Passes a signal on to the workers that are there: whoever stops a cluster often tells the primary
 * alone.
 *
 * @returns Those that were told.
 */
export function tellWorkers(name: NodeJS.Signals): Set<Worker> {
  const told = new Set(workersOf());
  for (const { process: child } of told) child.kill(name);
  return told;
}

/**
 * Waits until workers have gone.
 *
 * @param milliseconds - How long, at most.
 */
export async function workersGone(told: Set<Worker>, milliseconds: number): Promise<void> {
  if (told.size === 0) return;
  await new Promise<void>((resolve) => {
    unref(after(milliseconds, resolve));
    cluster.on('exit', (worker: Worker) => {
      told.delete(worker);
      if (told.size === 0) resolve();
    });
  });
}

function workersOf(): Worker[] {
  return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
}
