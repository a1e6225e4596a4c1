import { Socket } from 'node:net';

/**
 * The names of the resources that keep this process alive, as Node calls them: `'Timeout'`,
 * `'TCPSocketWrap'`. A name appears once for each resource. Standard output and standard error are
 * left out, because they do not keep a process alive.
 */
export function heldBy(): string[] {
  // First: process.stdout and process.stderr are opened when they are read for the first time.
  const outputs = [process.stdout, process.stderr].map(resourceOf);
  const held = process.getActiveResourcesInfo();
  for (const output of outputs) {
    const at = output === undefined ? -1 : held.indexOf(output);
    if (at !== -1) held.splice(at, 1);
  }
  return held.toSorted();
}

function resourceOf(output: unknown): string | undefined {
  // An output to a file is not a socket, and has no handle in the list.
  if (!(output instanceof Socket)) return undefined;
  return 'isTTY' in output && output.isTTY === true ? 'TTYWrap' : 'PipeWrap';
}
