import type { Evidence } from './evidence.ts';
import type { RoundResult } from './storm.ts';
import { judge } from './verdicts.ts';

/** What is added up for each kind of server. */
interface Sums {
  rounds: number;
  clients: number;
  /** Requests. */
  served: number;
  refused: number;
  /** Connections that ended by a reset. */
  reset: number;
  /** Polite clients that connected when the listener was being closed. */
  crossed: number;
  shed: number;
  lost: number;
  forced: number;
  stragglers: number;
  /** Bytes compared. */
  bytes: number;
  /** Milliseconds after the deadline of the latest stop, but for those in which the loop stood still. */
  slowest: number;
}

const columns: readonly (keyof Sums)[] = [
  'rounds',
  'clients',
  'served',
  'refused',
  'reset',
  'crossed',
  'shed',
  'lost',
  'forced',
  'stragglers',
  'bytes',
  'slowest',
];

/** Adds up what has happened, for a table. */
export class Summary {
  readonly #rows = new Map<string, Sums>();

  add({ evidence }: RoundResult): void {
    const { kind } = evidence.plan;
    const sums = sumsOf(evidence);
    const row = this.#rows.get(kind);
    if (row === undefined) return void this.#rows.set(kind, sums);
    for (const column of columns) {
      row[column] =
        column === 'slowest' ? Math.max(row.slowest, sums.slowest) : row[column] + sums[column];
    }
  }

  toString(): string {
    const lines = [
      ['server', ...columns.map((name) => (name === 'slowest' ? 'slowest ms' : name))],
    ];
    for (const [kind, row] of this.#rows) {
      lines.push([kind, ...columns.map((name) => String(Math.round(row[name])))]);
    }
    const widths = [0, ...columns.keys()].map((_, column) =>
      Math.max(...lines.map((line) => line[column]?.length ?? 0)),
    );
    return lines
      .map((line) => line.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  '))
      .join('\n');
  }
}

function sumsOf(evidence: Evidence): Sums {
  const { plan, accounts, ending, times } = evidence;
  const wants = accounts.flatMap((account) => account.wants);
  const connections = accounts.flatMap((account) => account.connections);
  const serve = ending?.serve?.report;
  const { shed = 0, lost = 0 } = serve ?? ending?.loop ?? {};
  const forced = serve?.forced ?? ending?.drain?.forced ?? 0;
  const stragglers = (serve ?? ending?.drain)?.stragglers.length ?? 0;
  return {
    rounds: 1,
    clients: plan.visits.length,
    shed,
    lost,
    forced,
    stragglers,
    served: wants.filter(({ outcome }) => outcome === 'whole').length,
    refused: connections.filter(({ connectedAt }) => connectedAt === 0).length,
    reset: connections.filter(({ how }) => how === 'ECONNRESET').length,
    crossed: judge(evidence).filter(({ verdict }) => verdict === 'never accepted').length,
    bytes: accounts.reduce((sum, { checked }) => sum + checked, 0),
    slowest: plan.way === 'loop' ? -Infinity : times.settledAt - times.deadline - times.late,
  };
}
