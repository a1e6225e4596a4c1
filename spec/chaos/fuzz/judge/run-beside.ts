import type { Plan, Ticket } from '../plan.ts';
import type { Sabotage } from '../server/sabotage.ts';
import { type Attempt, attempt } from './attempt.ts';
import { type Processes, Servers } from './processes.ts';

/** How many times a round is tried whose process dies of another one. */
const ATTEMPTS = 4;

/** Runs a round beside others; alone, when the process dies and nobody knows of which. */
export async function runBeside(
  processes: Processes,
  ticket: Ticket,
  plan: Plan,
  sabotage?: Sabotage,
): Promise<Attempt> {
  for (let attempts = 1; attempts < ATTEMPTS; attempts += 1) {
    const servers = processes.shared;
    const result = await attempt({ processes, servers, ticket, plan, sabotage });
    if (result.evidence || result.isNamed === true) return result;
    // Unless it has died of another round, which was named.
    if (servers.lastWords?.id === undefined) break;
  }
  const servers = new Servers();
  const result = await attempt({ processes, servers, ticket, plan, sabotage });
  await servers.stop();
  return result;
}

/** Whether the same round kills a process that has nothing of ours: then it is its owner's fault. */
export async function diesBare(processes: Processes, ticket: Ticket, plan: Plan): Promise<boolean> {
  if (plan.way === 'bare') return false;
  const { failure } = await runBeside(processes, { ...ticket, way: 'bare' }, plan);
  return failure !== undefined;
}
