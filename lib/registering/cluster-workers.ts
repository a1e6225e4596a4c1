import cluster, { type Worker } from 'node:cluster';
import { after } from '../primitives/after.ts';
import { unref } from '../primitives/timers.ts';

/** How many workers the cluster of this process has. */
export function countWorkers(): number {
  return workersOf().length;
}

/** Calls back when the cluster has one worker more or less. It does nothing in a worker. */
export function onWorkers(callback: () => void): void {
  if (!cluster.isPrimary) return;
  cluster.on('fork', callback);
  cluster.on('exit', callback);
}

/**
 * Sends a signal to all current workers. A supervisor that stops a cluster often signals only the
 * primary.
 *
 * @returns The workers that were told.
 */
export function tellWorkers(name: NodeJS.Signals): Set<Worker> {
  const told = new Set(workersOf());
  for (const { process: child } of told) child.kill(name);
  return told;
}

/**
 * Waits until workers have exited.
 *
 * @param told - The workers. Each is removed from this set when it exits.
 * @param milliseconds - How long to wait at most. The timer does not keep the process alive.
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
