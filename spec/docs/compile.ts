import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProgram } from '../support/programs.ts';
import { projectRoot } from '../support/spawn-script.ts';

const compiler = join(projectRoot, 'node_modules/typescript/bin/tsc');

/** What the compiler says of one place. */
export interface Complaint {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/** The settings of the project, but that names may be left unused, and imported in any way. */
const settings = {
  extends: join(projectRoot, 'tsconfig.json'),
  compilerOptions: {
    noUnusedLocals: false,
    noUnusedParameters: false,
    verbatimModuleSyntax: false,
    isolatedModules: false,
    paths: { 'accept-loop': [join(projectRoot, 'lib/index.ts')] },
  },
  include: ['*.ts'],
};

/**
 * Compiles modules as if they stood in the project, all in one run.
 *
 * @param modules - By their names, which end with `.ts`.
 * @returns What is wrong with each of those with which something is.
 */
export async function compile(
  modules: ReadonlyMap<string, string>,
): Promise<Map<string, Complaint[]>> {
  const folder = mkdtempSync(join(tmpdir(), 'accept-loop-'));
  try {
    symlinkSync(join(projectRoot, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings));
    for (const [name, text] of modules) writeFileSync(join(folder, name), text);
    const run = startProgram('node', [compiler, '--pretty', 'false'], folder);
    const { code, stdout, stderr } = await run.ending;
    const complaints = new Map<string, Complaint[]>();
    for (const text of stdout.split(/\n(?! )/)) {
      const [, name = '', line, message = ''] =
        /^([^(]+)\((\d+),\d+\): error (.*)$/s.exec(text) ?? [];
      if (!modules.has(name)) continue;
      complaints.set(name, [...(complaints.get(name) ?? []), { line: Number(line), message }]);
    }
    // Of the modules, or of the run itself, which then says nothing about them.
    if (code !== 0 && complaints.size === 0) throw new Error(`tsc: ${code}\n${stdout}${stderr}`);
    return complaints;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
