import { printLine } from './print.ts';
import { spawnSpecs } from './spawn-specs.ts';

/** Runs the specs `times` times, each in a fresh process, and stops at the first failure. */
export async function repeat(times: number, args: readonly string[]): Promise<boolean> {
  for (let run = 1; run <= times; run++) {
    const { code, output, closing } = await spawnSpecs(args);
    printLine(`run ${run} of ${times}`);
    printLine(code === 0 ? closing : output);
    if (code !== 0) return false;
  }
  return true;
}
