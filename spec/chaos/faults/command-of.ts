import { join } from 'node:path';
import { runtime } from '../../support/runtime.ts';
import { projectRoot } from '../../support/spawn-script.ts';

/** How the current runtime runs a file of the project: for programs that start it for us. */
export function commandOf(path: string): string[] {
  const deno = ['run', '-A', '--conditions=@accept-loop/source'];
  const flags = runtime.name === 'deno' ? deno : process.execArgv;
  return [process.execPath, ...flags, join(projectRoot, path)];
}
