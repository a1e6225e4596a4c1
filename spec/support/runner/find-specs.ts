import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

import { projectRoot } from '../spawn-script.ts';

function specsIn(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const found = names.filter((name) => name.endsWith('.spec.ts'));
  return found.toSorted().map((name) => join(folder, name));
}

function specsAt(path: string): string[] {
  const full = resolve(projectRoot, path);
  if (!existsSync(full)) throw new Error(`no such file or folder: ${path}`);
  const found = statSync(full).isDirectory() ? specsIn(full) : [full];
  if (found.length === 0) throw new Error(`no *.spec.ts in ${path}`);
  return found;
}

/** Folders and files that are run only by name: by scripts of package.json, or by .ci/run. */
const apart = [
  // They need a build.
  'spec/package/',
  // Half a minute of a processor each.
  'spec/chaos/overload/',
  'spec/cost-guard.spec.ts',
  // Other programs, frameworks, and processes that are attacked.
  'spec/chaos/chaos.spec.ts',
  'spec/chaos/faults/',
  'spec/chaos/fuzz/',
  'spec/interop/',
  // About the pages and the machinery of the specs, and not about the package.
  'spec/docs/',
  'spec/figures/',
  'spec/house/',
  'spec/runner/',
];

/**
 * The spec files at these paths, relative to the project. Without paths: all but those in `apart`.
 */
export function findSpecs(paths: readonly string[]): string[] {
  const found = (paths.length > 0 ? paths : ['spec']).flatMap((path) => specsAt(path));
  const names = [...new Set(found)].map((path) => relative(projectRoot, path));
  return paths.length > 0
    ? names
    : names.filter((name) => !apart.some((folder) => name.startsWith(folder)));
}
