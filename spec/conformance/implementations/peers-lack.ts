import type { Feature } from '../implementation.ts';
import { outOfScope } from './out-of-scope.ts';

/** What none of those has that are not ours. */
export const peersLack = {
  ...outOfScope,
  draining: 'tells no handler that a shutdown has begun',
  tasks: 'does not know how long a handler takes, or whether it has failed',
  grace: 'has no deadline',
  group: 'has no groups',
  'process signals': 'listens to no signal of the operating system',
  descriptors: 'is not examined here',
  'rolling stops': 'is compared in [docs/benchmarks.md](benchmarks.md)',
} as const satisfies Partial<Record<Feature, string>>;
