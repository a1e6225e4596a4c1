import assert from 'node:assert/strict';
import type { DrainReport, ServeReport, ServeStats } from '../../lib/index.ts';

/** Asserts that every connection of a report has exactly one outcome. */
export function assertReport(report: ServeReport): void {
  const { accepted, completed, failed, shed, lost, discarded, forced, abandoned } = report;
  const ends = completed + failed + shed + lost + discarded + forced;
  assert.equal(accepted, ends, JSON.stringify(report));
  assert.ok(abandoned <= forced, JSON.stringify(report));
}

/** Asserts that every connection is in exactly one place. */
export function assertStats(stats: ServeStats): void {
  const { accepted, active, queued, completed, failed, shed, lost, discarded, forced } = stats;
  const places = active + queued + completed + failed + shed + lost + discarded + forced;
  assert.equal(accepted, places, JSON.stringify(stats));
}

export function countsOf({ finished, forced }: Pick<DrainReport, 'finished' | 'forced'>): number[] {
  return [finished, forced];
}
