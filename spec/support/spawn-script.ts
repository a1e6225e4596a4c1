import { spawn } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { findProgram } from './find-program.ts';
import { runtime } from './runtime.ts';

export interface SpawnOptions {
  args?: readonly string[];
  /** Added to the environment of this process; `undefined` takes a variable away. */
  env?: Record<string, string | undefined>;
  stdio?: StdioOptions;
}

export const projectRoot: string = fileURLToPath(new URL('../..', import.meta.url));

const source = '--conditions=@accept-loop/source';

function flags(): string[] {
  if (runtime.name === 'deno') return ['run', '-A', source];
  if (runtime.name === 'bun') return [source];
  return process.features.typescript ? [source] : [source, '--import', 'tsx'];
}

function start(
  program: string,
  leading: readonly string[],
  path: string,
  { args = [], env, stdio = 'pipe' }: SpawnOptions,
): ChildProcess {
  return spawn(program, [...leading, resolve(projectRoot, path), ...args], {
    cwd: projectRoot,
    env: { ...process.env, ...env },
    stdio,
  });
}

/** Starts a TypeScript file of the project in a child process under the current runtime. */
export function spawnScript(path: string, options: SpawnOptions = {}): ChildProcess {
  return start(process.execPath, flags(), path, options);
}

/** Starts it under the `node` on PATH, whatever runs this process: clients are always Node. */
export function spawnNode(path: string, options: SpawnOptions = {}): ChildProcess {
  // A full path, because Deno takes the place of a bare `node`.
  const node = findProgram('node');
  if (node === undefined) throw new Error(`Cannot start ${path}: no node on PATH`);
  return start(node, [source, '--import', 'tsx'], path, options);
}
