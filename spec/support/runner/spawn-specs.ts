import { once } from 'node:events';

import { spawnScript } from '../spawn-script.ts';

export interface Outcome {
  /** The exit code, or `null` if a signal has ended the process. */
  code: unknown;
  output: string;
  /** The last line of the output. */
  closing: string;
}

/** Runs spec/run.ts in a child process, under the current runtime. */
export async function spawnSpecs(
  args: readonly string[],
  env: Record<string, string | undefined> = {},
): Promise<Outcome> {
  const child = spawnScript('spec/run.ts', { args, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  }
  const [code] = await once(child, 'close');
  const output = text.trimEnd();
  return { code, output, closing: output.slice(output.lastIndexOf('\n') + 1) };
}
