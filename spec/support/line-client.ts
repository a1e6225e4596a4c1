import { type LineProcess, lineProcess } from './line-process.ts';
import { spawnNode } from './spawn-script.ts';

/** Starts a script of `spec/clients/`. Its first line says that it is ready. */
export function lineClient(path: string): Promise<LineProcess> {
  return lineProcess(spawnNode(path, { stdio: ['pipe', 'pipe', 'inherit'] }));
}
