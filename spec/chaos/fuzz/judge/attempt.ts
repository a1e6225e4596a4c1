import type { Account } from '../clients/client.ts';
import type { Plan, Ticket } from '../plan.ts';
import type { Evidence } from '../server/evidence.ts';
import type { Sabotage } from '../server/sabotage.ts';
import type { Processes, Servers } from './processes.ts';

/** What has come of a round once. */
export interface Attempt {
  readonly evidence?: Evidence;
  readonly accounts?: readonly Account[];
  /** Why there is no evidence. */
  readonly failure?: string;
  /** Whether it is certain that it was this round of which the process died. */
  readonly isNamed?: boolean;
}

/** A round about costs may take so many times as long. */
const COST_PATIENCE = 6;

export interface AttemptOptions {
  readonly processes: Processes;
  readonly servers: Servers;
  readonly ticket: Ticket;
  readonly plan: Plan;
  readonly sabotage: Sabotage | undefined;
}

/** Runs a round in a process of servers, whatever becomes of that. Never rejects. */
export async function attempt(options: AttemptOptions): Promise<Attempt> {
  const { processes, servers, ticket } = options;
  const id = processes.nextId(ticket);
  servers.rounds += 1;
  let timer: NodeJS.Timeout | undefined;
  const patience = processes.patience * (options.plan.isCost ? COST_PATIENCE : 1);
  const stuck = new Promise<Attempt>((resolve) => {
    timer = setTimeout(() => {
      servers.kill();
      const failure = `the process has stood still for ${patience} ms`;
      resolve({ failure, isNamed: servers.rounds === 1 });
    }, patience);
  });
  const died = servers.died.then(({ code, errors }): Attempt => {
    const words = servers.lastWords;
    const failure = `the process has died (${code}): ${words?.error ?? errors.trim()}`;
    // Where there is no other one, it need not be named.
    return {
      failure,
      isNamed: words?.id === id || (words?.id === undefined && servers.rounds === 1),
    };
  });
  const result = await Promise.race([perform(id, options), stuck, died]);
  clearTimeout(timer);
  // When all that were in it have been told.
  setImmediate(() => (servers.rounds -= 1));
  processes.clients.tell({ id, does: 'release' });
  if (result.evidence) processes.over(id);
  const accounts = result.accounts ?? (await processes.clients.hear(id, 'accounts')).accounts;
  return { ...result, accounts };
}

async function perform(
  id: number,
  { processes: { clients }, servers, ticket, plan, sabotage }: AttemptOptions,
): Promise<Attempt> {
  const open = servers.hear(id, 'open');
  servers.tell({ id, does: 'open', ticket, sabotage });
  const { where } = await open;
  const over = servers.hear(id, 'over');
  const taken = clients.hear(id, 'taken');
  clients.tell({ id, does: 'visit', ticket, where });
  servers.tell({ id, does: 'go' });
  if (plan.stop.at === null) {
    await taken;
    servers.tell({ id, does: 'stop' });
  }
  const { evidence } = await over;
  return { evidence };
}
