import { drawPlan } from '../draw-plan.ts';
import type { Plan, Ticket } from '../plan.ts';
import type { Sabotage } from '../server/sabotage.ts';
import { diesBare, runBeside } from './run-beside.ts';
import type { Attempt } from './attempt.ts';
import { compareCosts, type Costs, isTooDear } from './compare-costs.ts';
import type { Processes } from './processes.ts';
import { violationsOf } from './violations.ts';

/** What has come of a round, and what speaks against it. */
export interface Result extends Attempt {
  readonly ticket: Ticket;
  readonly plan: Plan;
  readonly violations: readonly string[];
  readonly costs?: Costs;
}

/** Runs a round, and judges it. */
export async function tryRound(
  processes: Processes,
  ticket: Ticket,
  sabotage?: Sabotage,
): Promise<Result> {
  const plan = drawPlan(ticket);
  const run = plan.isCost ? compareCosts : runBeside;
  const result: Attempt & { costs?: Costs } = await run(processes, ticket, plan, sabotage);
  const { failure, evidence, costs } = result;
  const violations: string[] = [];
  if (failure !== undefined) {
    if (!(await diesBare(processes, ticket, plan))) violations.push(failure);
  } else if (evidence) violations.push(...violationsOf(evidence, plan));
  if (costs && isTooDear(costs)) violations.push(`it costs too much: ${showCosts(costs)}`);
  return { ...result, ticket, plan, violations };
}

export function showCosts({ ours, bare, ratio }: Costs): string {
  const [ourselves, without] = [ours, bare].map(
    ({ cpu, bytes }) => `${Math.round(cpu)} ms for ${bytes} bytes`,
  );
  return `${ourselves}, bare ${without}, ×${ratio.toFixed(1)}`;
}
