import type { AcceptLoopStats, DrainReport, ServeReport, ServeStats } from 'accept-loop';

/* The laws of conservation: each tells what speaks against it, or nothing. */

type Counts = Readonly<Record<string, number>>;

function negative(counts: object): string | undefined {
  const bad = Object.entries(counts as Counts).filter(([, count]) => count < 0);
  return bad.length > 0 ? `negative: ${JSON.stringify(bad)}` : undefined;
}

function unequal(accepted: number, parts: readonly number[], counts: object): string | undefined {
  const sum = parts.reduce((left, right) => left + right, 0);
  return accepted === sum
    ? negative(counts)
    : `accepted ${accepted} of ${sum}: ${JSON.stringify(counts)}`;
}

export function againstLoop(stats: AcceptLoopStats): string | undefined {
  const { accepted, yielded, queued, shed, lost, discarded } = stats;
  return unequal(accepted, [yielded, queued, shed, lost, discarded], stats);
}

export function againstStats(stats: ServeStats): string | undefined {
  const { accepted, active, queued, completed, failed, shed, lost, discarded, forced } = stats;
  return unequal(
    accepted,
    [active, queued, completed, failed, shed, lost, discarded, forced],
    stats,
  );
}

export function againstReport(report: ServeReport): string | undefined {
  const { stragglers, ...counts } = report;
  const { accepted, completed, failed, shed, lost, discarded, forced, abandoned } = counts;
  if (abandoned > forced) return `${abandoned} abandoned of ${forced} forced`;
  const ages = stragglers.filter(({ age }) => !(age >= 0));
  if (ages.length > 0) return `stragglers of odd age: ${JSON.stringify(ages)}`;
  return unequal(accepted, [completed, failed, shed, lost, discarded, forced], counts);
}

export function againstDrain({ finished, forced, stragglers }: DrainReport): string | undefined {
  if (stragglers.length !== forced) return `${stragglers.length} stragglers of ${forced} forced`;
  return negative({ finished, forced });
}
