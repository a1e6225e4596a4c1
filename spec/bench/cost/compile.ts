import { execFileSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { findProgram } from '../../support/find-program.ts';
import { projectRoot } from '../../support/spawn-script.ts';

/** A program that is compiled, and what says which compiler has done it. */
export interface Compiled {
  readonly program: string;
  readonly title: string;
}

const utf8 = { encoding: 'utf8' } as const;
const folder = join(projectRoot, 'spec/bench');

/** Where its version is in what a compiler says of itself: 'go version go1.19.8 linux/amd64'. */
const version = /\d+\.\d+(\.\d+)?/;

/**
 * Compiles accept.go.
 *
 * @param into - A folder that is there.
 * @returns Nothing where there is no Go.
 */
export function compileGo(into: string): Compiled | undefined {
  const go = findProgram('go');
  if (go === undefined) return undefined;
  const program = join(into, 'accept');
  execFileSync(go, ['build', '-o', program, 'cost/accept.go'], { cwd: folder, stdio: 'inherit' });
  const [number = ''] = version.exec(execFileSync(go, ['version'], utf8)) ?? [];
  return { program, title: `Go ${number}` };
}

/**
 * Compiles a file of C for Linux. See `compileGo`.
 *
 * @param path - In spec/bench/, with no ending.
 */
export function compileC(path: string, into: string): Compiled | undefined {
  const compiler = findProgram('cc');
  if (compiler === undefined || process.platform !== 'linux') return undefined;
  const program = join(into, basename(path));
  const args = ['-O2', '-Wall', '-Wextra', '-Werror', '-o', program, `${path}.c`];
  execFileSync(compiler, args, { cwd: folder, stdio: 'inherit' });
  const [number = ''] = version.exec(execFileSync(compiler, ['--version'], utf8)) ?? [];
  return { program, title: `cc ${number}` };
}
