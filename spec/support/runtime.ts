type RuntimeName = 'node' | 'bun' | 'deno';

export interface Runtime {
  readonly name: RuntimeName;
  readonly version: string;
  /** The name in `limits.ts`: `'node 20'`, `'bun'`, `'deno'`. */
  readonly label: string;
}

function describe(): Runtime {
  const { bun, deno, node } = process.versions;
  if (bun !== undefined) return { name: 'bun', version: bun, label: 'bun' };
  if (deno !== undefined) return { name: 'deno', version: deno, label: 'deno' };
  return { name: 'node', version: node, label: `node ${node.split('.')[0]}` };
}

/** The runtime that executes this process. */
export const runtime: Runtime = describe();
