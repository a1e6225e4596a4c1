import assert from 'node:assert/strict';
import type { AcceptLoopStats } from '../../lib/index.ts';

/** Asserts that every connection is in exactly one place. */
export function assertConserved(stats: AcceptLoopStats): void {
  const { accepted, yielded, queued, shed, lost, discarded } = stats;
  assert.equal(accepted, yielded + queued + shed + lost + discarded, JSON.stringify(stats));
}
