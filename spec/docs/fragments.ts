import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseSync, type StaticImport } from 'oxc-parser';
import { projectRoot } from '../support/spawn-script.ts';
import type { Block } from './pages.ts';

/** The names that a file exports, those of a chain of `export *` too. */
function exportsOf(path: string): string[] {
  const full = join(projectRoot, path);
  const { staticExports } = parseSync(full, readFileSync(full, 'utf8')).module;
  return staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ exportName, moduleRequest }) => {
      if (exportName.name !== null) return [exportName.name];
      return moduleRequest ? exportsOf(join(dirname(path), moduleRequest.value)) : [];
    }),
  );
}

const entry = 'lib/index.ts';

/** What the package exports. */
export const publicNames: ReadonlySet<string> = new Set(exportsOf(entry));

/** Where a fragment may stand: see `surroundings/`. */
export const places = ['net', 'http'] as const;
export type Place = (typeof places)[number];

function importAll(path: string, without: ReadonlySet<string>): string {
  const names = exportsOf(path).filter((name) => !without.has(name));
  return `import { ${names.join(', ')} } from ${JSON.stringify(join(projectRoot, path))};`;
}

function importsOf({ code }: Block): StaticImport[] {
  return parseSync('block.ts', code).module.staticImports;
}

/** One that imports from the package has all that it needs, and may be run. */
export function isProgram(block: Block): boolean {
  return importsOf(block).some(({ moduleRequest }) => moduleRequest.value === 'accept-loop');
}

/** What a page shows of a report: as much of it as it likes, and nothing else. */
const shown =
  `import type { DrainReport, ServeReport, Straggler } from 'accept-loop'; ` +
  `type Shown<Report> = Partial<Omit<Report, 'stragglers'>> & ` +
  `{ stragglers?: readonly Partial<Straggler>[] }; ` +
  `export const shown: Shown<DrainReport> | Shown<ServeReport> =`;

/**
 * A module of a block, whose lines have the numbers that they have in the page. A program stands
 * alone. Of a fragment its own names go before those around it.
 */
export function moduleOf(block: Block, place: Place): string {
  const start = '\n'.repeat(block.line - 1);
  if (isProgram(block)) return `${start}\n${block.code}`;
  if (block.code.startsWith('{')) return `${start}${shown}\n${block.code.replaceAll('…', '')}`;
  const imports = importsOf(block);
  const own = imports.flatMap(({ entries }) => entries.map(({ localName }) => localName.value));
  const end = imports.at(-1)?.end ?? 0;
  const around = [entry, `spec/docs/surroundings/${place}.ts`]
    .map((path) => importAll(path, new Set(own)))
    .join(' ');
  return `${start}${around}\n${block.code.slice(0, end)}{${block.code.slice(end)}\n}\nexport {};\n`;
}
