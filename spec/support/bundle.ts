import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';

const bundles = new Map<string, string | undefined>();
let folder: string | undefined;

/** Where a program is below node_modules, what it imports from packages is found. */
function makeFolder(root: string): string {
  const made = join(root, 'node_modules/.cache/accept-loop', String(process.pid));
  mkdirSync(made, { recursive: true });
  process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  return made;
}

/**
 * Makes one file of JavaScript of a TypeScript program and what it imports of the project. A process
 * of Node begins four times as fast with it: nothing has to be translated.
 *
 * @returns Its path; `undefined` where it has to stay as it is: it asks for its own place, or the
 * lines that it reaches are counted.
 */
export function bundle(root: string, path: string): string | undefined {
  if (process.env['NODE_V8_COVERAGE'] !== undefined) return undefined;
  if (bundles.has(path)) return bundles.get(path);
  folder ??= makeFolder(root);
  const outfile = join(folder, `${path.replaceAll(/\W/g, '-')}.mjs`);
  buildSync({
    entryPoints: [resolve(root, path)],
    absWorkingDir: root,
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    alias: { 'accept-loop': './lib/index.ts' },
    logLevel: 'error',
  });
  const isFree = !readFileSync(outfile, 'utf8').includes('import.meta');
  bundles.set(path, isFree ? outfile : undefined);
  return bundles.get(path);
}
