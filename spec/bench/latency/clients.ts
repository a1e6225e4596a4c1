import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LineProcess, lineProcess } from '../../support/line-process.ts';
import { compileC } from '../cost/compile.ts';
import { pinned } from '../pinned.ts';

/**
 * Starts the process of all clients, which clients.c describes.
 *
 * @throws Where it cannot be compiled: it takes Linux and a C compiler.
 */
export async function startClients(): Promise<LineProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'accept-loop-bench-'));
  try {
    const compiled = compileC('latency/clients', folder);
    if (compiled === undefined) throw new Error('Cannot measure: it takes Linux and a C compiler');
    const [program = '', ...args] = pinned([compiled.program], 1);
    return await lineProcess(spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
