import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin, stop } from 'esbuild';

import { BUILD_VARIABLE, builtPath } from '../built-path.ts';
import { bundling, makeFolder } from '../bundle.ts';
import { runtime } from '../runtime.ts';
import { projectRoot } from '../spawn-script.ts';

/** What is started as a process of its own, or imported by its path. */
const programs = [
  /^lib\/(?:index|register)\.ts$/,
  /^docs\/examples\/.*\.ts$/,
  /^spec\/run\.ts$/,
  /^spec\/(?:fixtures|clients|chaos\/clients|chaos\/fixtures)\/.*\.ts$/,
  /^spec\/chaos\/fuzz\/.*\/process\.ts$/,
  /^spec\/bench\/loss\/(?:client|round|worker)\.ts$/,
];

function findPrograms(): string[] {
  const all = ['docs', 'lib', 'spec'].flatMap((folder) => {
    const names = readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' });
    return names.map((name) => `${folder}/${name}`);
  });
  return all.filter((path) => programs.some((pattern) => pattern.test(path)));
}

/** A file that is built into another one still has its own URL. */
const ownUrl: Plugin = {
  name: 'import.meta.url',
  setup(building) {
    building.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const code = readFileSync(path, 'utf8');
      if (!code.includes('import.meta.url')) return undefined;
      const url = JSON.stringify(pathToFileURL(path).href);
      return { contents: code.replaceAll('import.meta.url', url), loader: 'ts' };
    });
  },
};

/**
 * Compiles the specs and the programs that they start, once for all processes of a run. Compiling
 * them in each process takes most of the time of a run. Each module stays one module in a process.
 *
 * Only Node runs what is built, and only if no coverage is measured.
 */
export async function buildSpecs(files: readonly string[]): Promise<void> {
  if (runtime.name !== 'node' || process.env['NODE_V8_COVERAGE'] !== undefined) return;
  if (process.env[BUILD_VARIABLE] !== undefined) return;
  const folder = join(makeFolder(projectRoot), 'build');
  await build({
    ...bundling(projectRoot),
    entryPoints: [...new Set([...files, ...findPrograms()])],
    outbase: projectRoot,
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    splitting: true,
    sourcemap: true,
    sourcesContent: false,
    plugins: [ownUrl],
  });
  await stop();
  process.env[BUILD_VARIABLE] = folder;
}

/** Whether this process runs what was built, so that it imports the specs from there, too. */
const isBuilt = process.argv[1] !== undefined && process.argv[1] === builtPath('spec/run.ts');

/** The path from which this process imports a spec file. */
export function importPath(file: string): string {
  return (isBuilt ? builtPath(file) : undefined) ?? join(projectRoot, file);
}
