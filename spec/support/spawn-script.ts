import { spawn } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { bundle } from './bundle.ts';
import { findProgram } from './find-program.ts';
import { runtime } from './runtime.ts';

export interface SpawnOptions {
  args?: readonly string[];
  /** Added to the environment of this process; `undefined` takes a variable away. */
  env?: Record<string, string | undefined>;
  stdio?: StdioOptions;
  /** Each module by itself, for who counts what they do. */
  isUnbundled?: boolean;
}

export const projectRoot: string = fileURLToPath(new URL('../..', import.meta.url));

const source = '--conditions=@accept-loop/source';
const loader = ['--import', 'tsx'];

/** The file of the project, and the flags that it needs. */
function commandOf(path: string, isUnbundled: boolean): string[] {
  const file = resolve(projectRoot, path);
  if (runtime.name === 'deno') return ['run', '-A', source, file];
  if (runtime.name === 'bun') return [source, file];
  if (!isUnbundled) return nodeCommandOf(path);
  return process.features.typescript ? [source, file] : [source, ...loader, file];
}

/** The same for any Node. */
function nodeCommandOf(path: string): string[] {
  const bundled = bundle(projectRoot, path);
  return bundled ? [bundled] : [source, ...loader, resolve(projectRoot, path)];
}

function start(
  program: string,
  command: readonly string[],
  { args = [], env, stdio = 'pipe' }: SpawnOptions,
): ChildProcess {
  return spawn(program, [...command, ...args], {
    cwd: projectRoot,
    env: { ...process.env, ...env },
    stdio,
  });
}

/** Starts a TypeScript file of the project in a child process under the current runtime. */
export function spawnScript(path: string, options: SpawnOptions = {}): ChildProcess {
  return start(process.execPath, commandOf(path, options.isUnbundled === true), options);
}

/** Starts it under the `node` on PATH, whatever runs this process: clients are always Node. */
export function spawnNode(path: string, options: SpawnOptions = {}): ChildProcess {
  // A full path, because Deno takes the place of a bare `node`.
  const node = findProgram('node');
  if (node === undefined) throw new Error(`Cannot start ${path}: no node on PATH`);
  return start(node, nodeCommandOf(path), options);
}
