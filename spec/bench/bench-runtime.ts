import { execFileSync } from 'node:child_process';
import { findProgram } from '../support/find-program.ts';

/** A runtime that runs the servers of a benchmark, which need not be the one that runs the benchmark. */
export interface BenchRuntime {
  readonly name: 'Node' | 'Bun' | 'Deno';
  /** `'Node 24.21.0'`. */
  readonly title: string;
  /** The program, and what comes before the script. The package is the built one. */
  readonly command: readonly string[];
}

/**
 * @param wanted - A program on PATH, or its path: of Node, Bun or Deno.
 * @throws When there is none.
 */
export function benchRuntime(wanted: string = process.execPath): BenchRuntime {
  const program = wanted.includes('/') ? wanted : findProgram(wanted);
  if (program === undefined) throw new Error(`Cannot measure on ${wanted}: it is not on PATH`);
  // 'v24.21.0', 'deno 2.9.6 (stable, …)', '1.4.5'
  const said = execFileSync(program, ['--version'], { encoding: 'utf8' });
  const [version = ''] = /\d+\.\d+\.\d+/.exec(said) ?? [];
  if (said.startsWith('deno')) {
    return { name: 'Deno', title: `Deno ${version}`, command: [program, 'run', '-A'] };
  }
  if (!said.startsWith('v')) return { name: 'Bun', title: `Bun ${version}`, command: [program] };
  const isTyped = Number(version.split('.')[0]) >= 22;
  const command = isTyped ? [program] : [program, '--import', 'tsx'];
  return { name: 'Node', title: `Node ${version}`, command };
}
