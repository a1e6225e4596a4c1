import { type Limit, limits } from '../../support/limits.ts';
import { runtime } from '../../support/runtime.ts';
import { type Kind, kinds } from './plan.ts';

/** Kinds of servers that a runtime cannot run through chaos, and why. */
const impossible: Partial<Record<Kind, Limit>> = {
  // The process would die of it.
  h2: limits.goawayMeetsStream,
  h2c: limits.goawayMeetsStream,
};

/** Whether this runtime cannot do it. */
export function isLimited({ runtimes }: Limit): boolean {
  return runtimes.includes(runtime.name) || runtimes.includes(runtime.label);
}

function isPossible(kind: Kind): boolean {
  const limit = impossible[kind];
  return limit === undefined || !isLimited(limit);
}

/** Those that chaos runs on this runtime. */
export const possibleKinds: readonly Kind[] = kinds.filter((kind) => isPossible(kind));
