import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { runtime } from './runtime.ts';
import { turns } from './turns.ts';

/** A function that collects all garbage, without a flag of the process. Deno needs its flag. */
export function garbageCollector(): () => void {
  const { Bun, gc } = globalThis as { Bun?: { gc(force: boolean): void }; gc?: () => void };
  if (Bun) return () => Bun.gc(true);
  // Not every version accepts this flag from the environment.
  if (runtime.name === 'node') setFlagsFromString('--expose-gc');
  return gc ?? (runInNewContext('gc') as () => void);
}

/** The bytes of heap in use after a collection. Always 0 on Bun and Deno. */
export async function heapInUse(): Promise<number> {
  if (runtime.name !== 'node') return 0;
  await turns(10);
  garbageCollector()();
  return process.memoryUsage().heapUsed;
}
