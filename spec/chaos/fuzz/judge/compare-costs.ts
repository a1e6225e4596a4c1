import type { Plan, Ticket } from '../plan.ts';
import type { Evidence } from '../server/evidence.ts';
import type { Sabotage } from '../server/sabotage.ts';
import { type Attempt, attempt } from './attempt.ts';
import { type Processes, Servers } from './processes.ts';

/** How many times as much a byte may cost as without us. */
const RATIO = 3;
/** What is not noticed beside what a process does anyway: milliseconds of processor time. */
const FLOOR_MS = 150;
/** Of each way it is the cheapest run that counts: whatever disturbs one makes it dearer. */
const RUNS = 2;
/** More than that are made of what seems too dear. */
const MORE_RUNS = 2;

/** What a way has cost. */
interface Cost {
  /** Milliseconds of processor time. */
  readonly cpu: number;
  readonly bytes: number;
}

export interface Costs {
  readonly ours: Cost;
  readonly bare: Cost;
  readonly ratio: number;
}

/** Runs a round with us and without, in turn, in one process that does nothing else. */
export async function compareCosts(
  processes: Processes,
  ticket: Ticket,
  plan: Plan,
  sabotage?: Sabotage,
): Promise<Attempt & { costs?: Costs }> {
  const servers = new Servers();
  const ours: Evidence[] = [];
  const bare: Evidence[] = [];
  let last: Attempt = {};
  const isEnough = (): boolean =>
    ours.length >= (isTooDear(costsOf(ours, bare)) ? RUNS + MORE_RUNS : RUNS);
  while (last.failure === undefined && (ours.length < RUNS || !isEnough())) {
    const way = bare.length > ours.length ? undefined : 'bare';
    const isBare = way === 'bare';
    last = await attempt({
      processes,
      servers,
      plan,
      ticket: isBare ? { ...ticket, way } : ticket,
      sabotage: isBare ? undefined : sabotage,
    });
    if (last.evidence) (isBare ? bare : ours).push(last.evidence);
  }
  await servers.stop();
  return ours.length === 0 ? last : { ...last, costs: costsOf(ours, bare) };
}

/** A violation only when both are exceeded. */
export function isTooDear({ ours, bare, ratio }: Costs): boolean {
  return ratio > RATIO && ours.cpu - bare.cpu > FLOOR_MS;
}

function costsOf(ours: readonly Evidence[], bare: readonly Evidence[]): Costs {
  const costs = { ours: cheapest(ours), bare: cheapest(bare) };
  return { ...costs, ratio: perByte(costs.ours) / perByte(costs.bare) };
}

function cheapest(runs: readonly Evidence[]): Cost {
  const costs = runs.map(({ cpu, bytes }) => ({ cpu, bytes }));
  return costs.reduce((left, right) => (perByte(left) <= perByte(right) ? left : right));
}

const perByte = ({ cpu, bytes }: Cost): number => Math.max(cpu, 1) / Math.max(bytes, 1);
