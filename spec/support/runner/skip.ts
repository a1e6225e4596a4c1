import { findProgram } from '../find-program.ts';
import type { Limit } from '../limits.ts';
import { runtime } from '../runtime.ts';

export interface Requirements {
  /** What some runtimes cannot do, of `limits.ts`: the test is skipped on them. */
  cannot?: Limit | readonly Limit[];
  /** A program on PATH. Without it the test is skipped, and failed where CI is set. */
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
