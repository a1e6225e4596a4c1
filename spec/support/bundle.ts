import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';

const bundles = new Map<string, string | undefined>();
let folder: string | undefined;

/**
 * The folder is below node_modules, so that programs in it can import packages. It is removed when
 * this process ends.
 */
export function makeFolder(root: string): string {
  if (folder !== undefined) return folder;
  const made = join(root, 'node_modules/.cache/accept-loop', String(process.pid));
  mkdirSync(made, { recursive: true });
  process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  folder = made;
  return made;
}

/** How TypeScript is bundled for processes of Node. Packages are not bundled. */
export function bundling(root: string): BuildOptions {
  return {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    alias: { 'accept-loop': './lib/index.ts', 'accept-loop/register': './lib/register.ts' },
    // Because of "sideEffects" in package.json, imports for their effect would be left out.
    ignoreAnnotations: true,
    logLevel: 'error',
  };
}

function build(root: string, name: string, source: BuildOptions): string {
  const outfile = join(makeFolder(root), `${name.replaceAll(/\W/g, '-')}.mjs`);
  buildSync({ ...bundling(root), ...source, outfile });
  return outfile;
}

/**
 * Bundles a TypeScript program and its imports from the project into one JavaScript file. Nothing
 * has to be compiled when it starts. A process of Node 20 then starts in a quarter of the time, and
 * a process of Node 26 in half of it.
 *
 * @returns The path of the file. `undefined` if the program cannot be bundled: it uses
 * `import.meta`, or coverage is being measured.
 */
export function bundle(root: string, path: string): string | undefined {
  if (process.env['NODE_V8_COVERAGE'] !== undefined) return undefined;
  if (bundles.has(path)) return bundles.get(path);
  const outfile = build(root, path, { entryPoints: [resolve(root, path)] });
  const isFree = !readFileSync(outfile, 'utf8').includes('import.meta');
  bundles.set(path, isFree ? outfile : undefined);
  return bundles.get(path);
}

/** Bundles TypeScript code that is not in a file. @returns The path of the bundle. */
export function bundleCode(root: string, name: string, code: string): string {
  const stdin = { contents: code, resolveDir: root, loader: 'ts' } as const;
  return build(root, name, { stdin });
}
