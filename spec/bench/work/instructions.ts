import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildSync } from 'esbuild';
import { projectRoot } from '../../support/spawn-script.ts';
import type { BenchRuntime } from '../bench-runtime.ts';

const folder = join(projectRoot, 'node_modules/.cache/accept-loop');

/** Between two runs that are compared. */
const COUNT = 200;

/**
 * Without a compiler for what is hot, and on one thread: then each run takes the same steps. V8 has no
 * WebAssembly then either, by which Node reads TypeScript.
 */
const predictable = ['--jitless', '--single-threaded', '--predictable'];

/** Room for all that a run makes: one full collection in the longer run was a tenth of its figure. */
const withoutCollections = ['--min-semi-space-size=128', '--max-semi-space-size=128'];

const flags = [...predictable, ...withoutCollections];

/** Makes one file of JavaScript of process.ts and the package. @returns Its path. */
export function bundleLoads(): string {
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, 'work.mjs');
  buildSync({
    entryPoints: [join(projectRoot, 'spec/bench/work/process.ts')],
    absWorkingDir: projectRoot,
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    alias: { 'accept-loop': './lib/index.ts' },
    external: ['events-to-async', 'http-terminator', 'stoppable', 'http-graceful-shutdown'],
    logLevel: 'error',
  });
  return outfile;
}

/** The instructions of one connection or request: those of many less those of half as many, by the rest. */
export async function instructionsOf(
  runtime: BenchRuntime,
  program: string,
  load: string,
  way: string,
): Promise<number> {
  const [few, many] = await Promise.all(
    [COUNT, 2 * COUNT].map((count) => run(runtime, program, [load, way, String(count)])),
  );
  return ((many ?? NaN) - (few ?? NaN)) / COUNT;
}

async function run(
  { command: [node = ''] }: BenchRuntime,
  program: string,
  args: readonly string[],
): Promise<number> {
  const log = join(folder, `work-${args.join('-')}.log`);
  const own = ['--tool=callgrind', '--callgrind-out-file=/dev/null', `--log-file=${log}`];
  await promisify(execFile)('valgrind', [...own, node, ...flags, program, ...args]);
  const [, counted = ''] = /Collected : (\d+)/.exec(readFileSync(log, 'utf8')) ?? [];
  rmSync(log);
  return Number(counted);
}
