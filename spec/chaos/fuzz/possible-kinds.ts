import { type Limit, limits } from '../../support/limits.ts';
import { isLimited } from '../storm/possible-kinds.ts';
import { type Kind, kinds } from './plan.ts';

/** Kinds of servers that a runtime cannot run through the fuzzer, and why. */
const impossible: Partial<Record<Kind, Limit>> = {
  // The process would die of it.
  h2c: limits.goawayMeetsStream,
  h2: limits.goawayMeetsStream,
  'h2-http1': limits.goawayMeetsStream,
  // Left open now and then.
  'tls-unix': limits.unixHandshakes,
};

/** Those that the fuzzer runs on this runtime. */
export const possibleKinds: readonly Kind[] = kinds.filter((kind) => {
  const limit = impossible[kind];
  return limit === undefined || !isLimited(limit);
});
