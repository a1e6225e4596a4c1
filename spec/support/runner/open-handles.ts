import { clearTimeout, setTimeout } from 'node:timers';
import { setImmediate } from 'node:timers/promises';

const patience = 1000;

function nameResources(): string {
  // Bun and older Deno do not tell.
  if (typeof process.getActiveResourcesInfo !== 'function') return 'resources unknown';
  const counts = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo())
    counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => `${count} ${name}`).join(', ') || 'resources unknown';
}

/**
 * Waits until nothing holds the process, at most a second.
 *
 * @returns what holds it still, `undefined` when nothing does
 */
export async function openHandles(): Promise<string | undefined> {
  // A turn of the event loop, without which an empty one is not told of again.
  await setImmediate();
  return await new Promise((resolve) => {
    const emptied = (): void => {
      clearTimeout(timer);
      resolve(undefined);
    };
    // Unref'd: when it fires, something else has kept the event loop going.
    const timer = setTimeout(() => {
      process.off('beforeExit', emptied);
      resolve(nameResources());
    }, patience);
    timer.unref();
    process.once('beforeExit', emptied);
  });
}
