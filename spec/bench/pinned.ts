import { availableParallelism } from 'node:os';
import { findProgram } from '../support/find-program.ts';

/**
 * The command that runs another one on a single processor, its threads with it: what is measured and
 * what loads it do not take each other's time then. The command itself where that cannot be done.
 *
 * @param processor - From 0 on.
 */
export function pinned(command: readonly string[], processor: number): readonly string[] {
  const taskset = findProgram('taskset');
  if (taskset === undefined || availableParallelism() < 2) return command;
  return [taskset, '--cpu-list', String(processor), ...command];
}
