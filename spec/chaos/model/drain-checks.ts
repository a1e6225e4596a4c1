import type { DrainReport } from 'accept-loop';
import { expect } from './history.ts';

interface Expected {
  /** Of those that `drain` has seen come: how many were ended by force, and how many there were. */
  readonly known: number;
  readonly total: number;
  /** Of the others there are as many at the most. */
  readonly strangers: number;
  /** Whether all of those are still there. */
  readonly isExact: boolean;
  readonly duration: number;
}

/** Asserts that a report says what has happened. */
export function checkDrainReport(
  { finished, forced, stragglers, duration }: DrainReport,
  expected: Expected,
): void {
  expect(duration, expected.duration, 'the duration');
  expect(stragglers.length, forced, 'stragglers');
  for (const { kind } of stragglers) expect(kind, 'connection', 'the kind of a straggler');
  const { strangers, isExact } = expected;
  const least = isExact ? strangers : 0;
  const isWithin = (count: number): boolean => count >= least && count <= strangers;
  expect(isWithin(forced - expected.known), true, 'forced');
  expect(isWithin(finished + forced - expected.total), true, 'finished and forced');
}
