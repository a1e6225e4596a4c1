import { findProgram } from '../find-program.ts';
import type { Limit } from '../limits.ts';
import { runtime } from '../runtime.ts';

export interface Requirements {
  /** Limits from `limits.ts`. On the runtimes that have one of them, the test is skipped. */
  cannot?: Limit | readonly Limit[];
  /** A program on PATH. If it is missing, the test is skipped. If `CI` is set, it fails instead. */
  needs?: string;
}

function hits({ runtimes }: Limit): boolean {
  return runtimes.includes(runtime.name) || runtimes.includes(runtime.label);
}

function whyMissing({ needs }: Requirements): string | undefined {
  if (needs === undefined || findProgram(needs) !== undefined) return undefined;
  return `${needs} is not on PATH`;
}

export function whySkip(requirements: Requirements): string | undefined {
  const { cannot = [] } = requirements;
  const limit = [cannot].flat().find((candidate) => hits(candidate));
  if (limit) return `${runtime.label} ${runtime.version}: ${limit.reason}`;
  return process.env['CI'] ? undefined : whyMissing(requirements);
}

export function whyFail(requirements: Requirements): string | undefined {
  return process.env['CI'] && !whySkip(requirements) ? whyMissing(requirements) : undefined;
}
