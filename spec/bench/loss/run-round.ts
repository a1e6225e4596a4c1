import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { watch } from '../../support/programs.ts';
import { programPath, projectRoot, spawnScript } from '../../support/spawn-script.ts';
import type { BenchRuntime } from '../bench-runtime.ts';
import { scriptCommand } from '../bench-server.ts';
import type { RoundResult, RoundSettings } from './types.ts';

const script = 'spec/bench/loss/round.ts';
const server = 'spec/bench/loss/worker.ts';

/**
 * Runs a round in a process of its own, which is the primary of a cluster.
 *
 * @param runtime - Runs it with the built package. Default: the current one, with the source.
 */
export async function runRound(
  settings: RoundSettings,
  runtime?: BenchRuntime,
): Promise<RoundResult> {
  const worker = runtime ? resolve(projectRoot, server) : programPath(server);
  const args = [JSON.stringify(settings), worker];
  const [program = '', ...built] = runtime ? scriptCommand(runtime, script, ...args) : [];
  const child = runtime
    ? spawn(program, built, { cwd: projectRoot })
    : spawnScript(script, { args });
  const { code, signal, stdout, stderr } = await watch(child).ending;
  if (code === 0) return JSON.parse(stdout) as RoundResult;
  throw new Error(`The round ${args.join()} has ended with ${code ?? signal}: ${stderr}`);
}

/** The figures of several rounds as those of one. */
export function sumOf(rounds: readonly RoundResult[]): RoundResult {
  const failures: Record<string, number> = {};
  for (const [reason, count] of rounds.flatMap((round) => Object.entries(round.failures))) {
    failures[reason] = (failures[reason] ?? 0) + count;
  }
  return {
    requests: rounds.reduce((sum, round) => sum + round.requests, 0),
    failures,
    stops: rounds.flatMap((round) => round.stops),
    hung: rounds.reduce((sum, round) => sum + round.hung, 0),
  };
}

/** How many requests have failed, for whatever reason. */
export function failedOf({ failures }: Pick<RoundResult, 'failures'>): number {
  return Object.values(failures).reduce((sum, count) => sum + count, 0);
}
