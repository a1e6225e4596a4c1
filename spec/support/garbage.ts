import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { runtime } from './runtime.ts';

/** What collects all garbage, in a process that was not told to offer it. Deno has to be told. */
export function garbageCollector(): () => void {
  const { Bun, gc } = globalThis as { Bun?: { gc(force: boolean): void }; gc?: () => void };
  if (Bun) return () => Bun.gc(true);
  // The flag of the command line, which not every version takes from the environment.
  if (runtime.name === 'node') setFlagsFromString('--expose-gc');
  return gc ?? (runInNewContext('gc') as () => void);
}
