import { spawn } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { builtPath } from './built-path.ts';
import { bundle } from './bundle.ts';
import { findProgram } from './find-program.ts';
import { runtime } from './runtime.ts';

export interface SpawnOptions {
  args?: readonly string[];
  /** Added to the environment of this process. `undefined` removes a variable. */
  env?: Record<string, string | undefined>;
  stdio?: StdioOptions;
  /** Whether to load each module by itself, for specs that count the work of each file. */
  isUnbundled?: boolean;
}

export const projectRoot: string = fileURLToPath(new URL('../..', import.meta.url));

const source = '--conditions=@accept-loop/source';
const loader = ['--import', 'tsx'];

/** The arguments of the runtime: the flags that the file needs, and the file. */
function commandOf(path: string, isUnbundled: boolean): string[] {
  const file = resolve(projectRoot, path);
  if (runtime.name === 'deno') return ['run', '-A', source, file];
  if (runtime.name === 'bun') return [source, file];
  if (!isUnbundled) return nodeCommandOf(path);
  return process.features.typescript ? [source, file] : [source, ...loader, file];
}

/** The same for every version of Node. */
function nodeCommandOf(path: string): string[] {
  const built = builtPath(path);
  if (built !== undefined) return ['--enable-source-maps', built];
  const bundled = bundle(projectRoot, path);
  return bundled ? [bundled] : [source, ...loader, resolve(projectRoot, path)];
}

/**
 * A command that runs a TypeScript file of the project under the current runtime, for programs that
 * start it for us.
 */
export function scriptCommand(path: string): string[] {
  return [process.execPath, ...commandOf(path, false)];
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

/** The path that a script started by `spawnScript()` imports to run a program of the project. */
export function programPath(path: string): string {
  return commandOf(path, false).at(-1) ?? path;
}

/** Starts a TypeScript file of the project in a child process under the current runtime. */
export function spawnScript(path: string, options: SpawnOptions = {}): ChildProcess {
  return start(process.execPath, commandOf(path, options.isUnbundled === true), options);
}

/**
 * Starts a file under the `node` on PATH, also if this process is Bun or Deno. Used for clients.
 */
export function spawnNode(path: string, options: SpawnOptions = {}): ChildProcess {
  // A full path, because Deno runs itself in place of a bare `node`.
  const node = findProgram('node');
  if (node === undefined) throw new Error(`Cannot start ${path}: no node on PATH`);
  return start(node, nodeCommandOf(path), options);
}
