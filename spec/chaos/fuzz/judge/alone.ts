import type { Plan, Ticket } from '../plan.ts';
import type { Sabotage } from '../server/sabotage.ts';
import { type Attempt, attempt } from './attempt.ts';
import { type Processes, Servers } from './processes.ts';

/** Runs a round in a process of its own. */
export async function alone(
  processes: Processes,
  ticket: Ticket,
  plan: Plan,
  sabotage?: Sabotage,
): Promise<Attempt> {
  const servers = new Servers();
  const result = await attempt({ processes, servers, ticket, plan, sabotage });
  await servers.stop();
  return result;
}

/** Whether the same round kills a process that has nothing of ours: then it is its owner's fault. */
export async function diesBare(processes: Processes, ticket: Ticket, plan: Plan): Promise<boolean> {
  if (plan.way === 'bare') return false;
  const { failure } = await alone(processes, { ...ticket, way: 'bare' }, plan);
  return failure !== undefined;
}
