import { Socket } from 'node:net';

/**
 * What keeps this process alive, by Node's own names: `'Timeout'`, `'TCPSocketWrap'`, each as often
 * as there is one. Standard output and standard error are left out: they hold no process.
 */
export function heldBy(): string[] {
  // Before the list is made: reading one of them for the first time opens it.
  const outputs = [process.stdout, process.stderr].map(resourceOf);
  const held = process.getActiveResourcesInfo();
  for (const output of outputs) {
    const at = output === undefined ? -1 : held.indexOf(output);
    if (at !== -1) held.splice(at, 1);
  }
  return held.toSorted();
}

function resourceOf(output: unknown): string | undefined {
  // A file has no handle.
  if (!(output instanceof Socket)) return undefined;
  return 'isTTY' in output && output.isTTY === true ? 'TTYWrap' : 'PipeWrap';
}
