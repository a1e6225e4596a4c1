import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { type LineProcess, lineProcess } from '../support/line-process.ts';
import { projectRoot } from '../support/spawn-script.ts';
import type { BenchRuntime } from './bench-runtime.ts';

/** A server process of a benchmark. */
export interface BenchServer extends LineProcess {
  readonly port: number;
}

/**
 * Starts a server process that says its port with its first line, and ends with its input.
 *
 * @param command - The program and its arguments.
 */
export async function benchServer(command: readonly string[]): Promise<BenchServer> {
  const [program = '', ...args] = command;
  const stdio = ['pipe', 'pipe', 'inherit'] as const;
  const server = await lineProcess(spawn(program, args, { cwd: projectRoot, stdio: [...stdio] }));
  return { ...server, port: Number(server.greeting) };
}

/** The command for a script of the project, on a runtime. */
export function scriptCommand(
  { command }: BenchRuntime,
  path: string,
  ...args: readonly string[]
): string[] {
  return [...command, resolve(projectRoot, path), ...args];
}
