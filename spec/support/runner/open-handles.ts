import { clearTimeout, setTimeout } from 'node:timers';
import { setImmediate } from 'node:timers/promises';

const patience = 1000;

function nameResources(): string {
  // Bun and older versions of Deno do not have it.
  if (typeof process.getActiveResourcesInfo !== 'function') return 'resources unknown';
  const counts = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo())
    counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => `${count} ${name}`).join(', ') || 'resources unknown';
}

/**
 * Waits until nothing keeps the process alive, for a second at most.
 *
 * @returns The resources that still keep it alive, or `undefined` if there are none.
 */
export async function openHandles(): Promise<string | undefined> {
  // One turn first. Without it, 'beforeExit' is not emitted again for an empty event loop.
  await setImmediate();
  return await new Promise((resolve) => {
    const emptied = (): void => {
      clearTimeout(timer);
      resolve(undefined);
    };
    // The timer is unref'd. So if it fires, something else keeps the event loop alive.
    const timer = setTimeout(() => {
      process.off('beforeExit', emptied);
      resolve(nameResources());
    }, patience);
    timer.unref();
    process.once('beforeExit', emptied);
  });
}
