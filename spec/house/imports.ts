import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { parseSync } from 'oxc-parser';
import { projectRoot } from '../support/spawn-script.ts';

const folder = join(projectRoot, 'lib');

/** A file of lib/. */
export interface SourceFile {
  /** Below lib/, without its extension. */
  readonly name: string;
  readonly lines: number;
  /** The names of the files of lib/ that it imports from, types as well. */
  readonly imports: readonly string[];
}

/** All of them, by their names. */
export function sourceFiles(): Map<string, SourceFile> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => path.slice(0, -'.ts'.length));
  return new Map(names.toSorted().map((name) => [name, read(name)]));
}

function read(name: string): SourceFile {
  const path = join(folder, `${name}.ts`);
  const text = readFileSync(path, 'utf8');
  const { staticImports, staticExports } = parseSync(path, text).module;
  const requests = [
    ...staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? []),
    ),
  ];
  const relative = requests.filter((request) => request.startsWith('.'));
  const imports = relative.map((request) =>
    normalize(join(dirname(name), request.slice(0, -'.ts'.length))),
  );
  return { name, lines: text.trimEnd().split('\n').length, imports: [...new Set(imports)] };
}

/** The folder below lib/ that a file is in; `''` for lib/ itself. */
export function roomOf(name: string): string {
  const end = name.indexOf('/');
  return end === -1 ? '' : name.slice(0, end);
}
