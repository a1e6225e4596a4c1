import assert from 'node:assert/strict';
import type { ServeReport } from '../../lib/index.ts';
import { assertReport } from './report.ts';

type Counts = Partial<Record<Exclude<keyof ServeReport, 'stragglers'>, number>>;

/** Asserts that a report adds up and has exactly these counts. All other counts have to be 0. */
export function assertCounts(report: ServeReport, expected: Counts): void {
  assertReport(report);
  const { stragglers, ...counts } = report;
  const zeros = Object.keys(counts).map((name) => [name, 0]);
  assert.deepEqual(counts, { ...Object.fromEntries(zeros), ...expected });
  assert.ok(stragglers.length >= counts.forced, JSON.stringify(report));
}
