import { spawn } from 'node:child_process';
import { lineClient } from '../../support/line-client.ts';
import { type LineProcess, lineProcess } from '../../support/line-process.ts';
import { pinned } from '../pinned.ts';
import { compileC } from './compile.ts';

/**
 * Starts the client process: load.c where it can be compiled, or else spec/clients/cost.ts. It
 * should cost less than the servers: where it does not, connections a second are those of the client.
 *
 * @param folder - For what has to be compiled.
 * @returns It, and what it is.
 */
export async function loadClient(folder: string): Promise<readonly [LineProcess, string]> {
  const compiled = compileC('cost/load', folder);
  if (compiled === undefined) return [await lineClient('spec/clients/cost.ts'), 'Node'];
  const [program = '', ...args] = pinned([compiled.program], 1);
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  return [await lineProcess(child), 'C'];
}
