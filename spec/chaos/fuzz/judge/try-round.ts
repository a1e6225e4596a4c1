import { drawPlan } from '../draw-plan.ts';
import type { Plan, Ticket } from '../plan.ts';
import type { Sabotage } from '../server/sabotage.ts';
import { type Attempt, attempt } from './attempt.ts';
import { type Processes, Servers } from './processes.ts';
import { violationsOf } from './violations.ts';

/** What has come of a round, and what speaks against it. */
export interface Result extends Attempt {
  readonly ticket: Ticket;
  readonly plan: Plan;
  readonly violations: readonly string[];
}

/** How many times a round is tried whose process dies of another one. */
const ATTEMPTS = 4;

/** Runs a round beside others; alone, when the process dies and nobody knows of which. */
export async function tryRound(
  processes: Processes,
  ticket: Ticket,
  sabotage?: Sabotage,
): Promise<Result> {
  const plan = drawPlan(ticket);
  const judge = async (result: Attempt): Promise<Result> => {
    const { evidence, failure } = result;
    const violations = evidence ? violationsOf(evidence, plan) : [failure ?? 'nothing is known'];
    if (failure === undefined || !(await diesBare(processes, ticket))) {
      return { ...result, ticket, plan, violations };
    }
    return { ...result, ticket, plan, violations: [] };
  };
  for (let attempts = 1; attempts < ATTEMPTS; attempts += 1) {
    const servers = processes.shared;
    const result = await attempt({ processes, servers, ticket, sabotage });
    if (result.evidence || result.isNamed === true) return await judge(result);
    // It has died of another round, which was named.
    if (servers.lastWords?.id === undefined) break;
  }
  return await judge(await alone(processes, ticket, sabotage));
}

async function alone(
  processes: Processes,
  ticket: Ticket,
  sabotage: Sabotage | undefined,
): Promise<Attempt> {
  const servers = new Servers();
  const result = await attempt({ processes, servers, ticket, sabotage });
  await servers.stop();
  return result;
}

/** Whether the same round kills a process that has nothing of ours: then it is its owner's fault. */
async function diesBare(processes: Processes, ticket: Ticket): Promise<boolean> {
  if (ticket.way === 'bare') return false;
  const bare = await alone(processes, { ...ticket, way: 'bare' }, undefined);
  return bare.failure !== undefined;
}
