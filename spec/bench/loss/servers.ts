import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../../support/find-program.ts';
import { benchRuntime, type BenchRuntime } from '../bench-runtime.ts';
import { scriptCommand } from '../bench-server.ts';

/** `node` is worker.ts on the runtime that is measured; the others have servers of their own. */
export type ServerName = 'node' | 'deno' | 'bun' | 'go';

/** What runs the servers of a kind. */
interface ServerProgram {
  /** `'Go 1.19.8'`. */
  readonly title: string;
  /** What starts one, but for its way and port. */
  readonly command: readonly string[];
}

export type Servers = ReadonlyMap<ServerName, ServerProgram>;

interface Wanted {
  /** Of worker.ts. */
  readonly runtime: BenchRuntime;
  /** Programs on PATH, or their paths. */
  readonly deno: string | undefined;
  readonly bun: string | undefined;
}

/** The servers of which the program is there: on PATH, or where it is said to be. */
export function findServers({ runtime, deno, bun }: Wanted): Servers {
  const servers = new Map<ServerName, ServerProgram>();
  const command = scriptCommand(runtime, 'spec/bench/loss/worker.ts');
  servers.set('node', { title: runtime.title, command });
  for (const [name, path] of Object.entries({ deno, bun }) as [ServerName, string | undefined][]) {
    const program = path ?? findProgram(name);
    if (program === undefined) continue;
    const own = benchRuntime(program);
    // Deno takes `reusePort` only so.
    const withReusePort = name === 'deno' ? [...own.command, '--unstable-net'] : own.command;
    const ownCommand = scriptCommand(
      { ...own, command: withReusePort },
      `spec/bench/loss/${name}-server.ts`,
    );
    servers.set(name, { title: own.title, command: ownCommand });
  }
  const go = findProgram('go');
  if (go !== undefined) servers.set('go', buildGo(go));
  return servers;
}

/** Builds server.go for as long as this process lives. */
function buildGo(go: string): ServerProgram {
  const folder = mkdtempSync(join(tmpdir(), 'accept-loop-go-'));
  process.once('exit', () => rmSync(folder, { recursive: true }));
  const program = join(folder, 'server');
  const source = new URL('server.go', import.meta.url).pathname;
  execFileSync(go, ['build', '-o', program, source], { stdio: 'inherit' });
  const version = execFileSync(go, ['env', 'GOVERSION'], { encoding: 'utf8' });
  return { title: version.trim().replace('go', 'Go '), command: [program] };
}
