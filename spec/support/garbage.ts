import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { runtime } from './runtime.ts';
import { turns } from './turns.ts';

/** What collects all garbage, in a process that was not told to offer it. Deno has to be told. */
export function garbageCollector(): () => void {
  const { Bun, gc } = globalThis as { Bun?: { gc(force: boolean): void }; gc?: () => void };
  if (Bun) return () => Bun.gc(true);
  // The flag of the command line, which not every version takes from the environment.
  if (runtime.name === 'node') setFlagsFromString('--expose-gc');
  return gc ?? (runInNewContext('gc') as () => void);
}

/** Bytes of heap that are in use, after a collection; 0 where the runtime does not tell by itself. */
export async function heapInUse(): Promise<number> {
  if (runtime.name !== 'node') return 0;
  await turns(10);
  garbageCollector()();
  return process.memoryUsage().heapUsed;
}
