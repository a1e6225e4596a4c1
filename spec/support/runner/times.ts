import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { runtime } from '../runtime.ts';
import { projectRoot } from '../spawn-script.ts';

const path = join(projectRoot, 'node_modules/.cache/accept-loop', `times-${runtime.label}.json`);

/** How many seconds each file took when it was last run, on this runtime and machine. */
export function readTimes(): Map<string, number> {
  try {
    return new Map(Object.entries(JSON.parse(readFileSync(path, 'utf8')) as object));
  } catch {
    return new Map();
  }
}

export function writeTimes(times: ReadonlyMap<string, number>): void {
  const all = new Map([...readTimes(), ...times]);
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, JSON.stringify(Object.fromEntries(all)));
  } catch {
    // The times only decide the order of the files, so a run can do without them.
  }
}
