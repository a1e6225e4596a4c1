import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The variable of the environment that names the folder of the build, for all that is started. */
export const BUILD_VARIABLE = 'SPEC_BUILD';

/**
 * Where the runner has built a TypeScript file of the project, for this run: see
 * spec/support/runner/build-specs.ts.
 *
 * @returns The path of the JavaScript file. `undefined` if it has not been built.
 */
export function builtPath(path: string): string | undefined {
  const folder = process.env[BUILD_VARIABLE];
  if (folder === undefined) return undefined;
  const file = join(folder, path.replace(/\.ts$/, '.mjs'));
  return existsSync(file) ? file : undefined;
}
