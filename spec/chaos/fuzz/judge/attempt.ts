import type { Account } from '../clients/client.ts';
import { drawPlan } from '../draw-plan.ts';
import type { Ticket } from '../plan.ts';
import type { Evidence } from '../server/evidence.ts';
import type { Sabotage } from '../server/sabotage.ts';
import type { Processes, Servers } from './processes.ts';

/** What has come of a round once. */
export interface Attempt {
  readonly evidence?: Evidence;
  readonly accounts?: readonly Account[];
  /** Why there is no evidence. */
  readonly failure?: string;
  /** Whether the process has named this round as the one of which it died. */
  readonly isNamed?: boolean;
}

/** How long a round may take beyond its own times, in milliseconds: the process stands still. */
const PATIENCE_MS = 15_000;
const COST_PATIENCE_MS = 60_000;

export interface AttemptOptions {
  readonly processes: Processes;
  readonly servers: Servers;
  readonly ticket: Ticket;
  readonly sabotage: Sabotage | undefined;
}

/** Runs a round in a process of servers, whatever becomes of that. Never rejects. */
export async function attempt(options: AttemptOptions): Promise<Attempt> {
  const { processes, servers } = options;
  const id = processes.nextId();
  let timer: NodeJS.Timeout | undefined;
  const patience = options.ticket.isCost === true ? COST_PATIENCE_MS : PATIENCE_MS;
  const stuck = new Promise<Attempt>((resolve) => {
    timer = setTimeout(() => {
      servers.kill();
      resolve({ failure: `the process has stood still for ${patience} ms` });
    }, patience);
  });
  const died = servers.died.then(({ code, errors }): Attempt => {
    const words = servers.lastWords;
    const failure = `the process has died (${code}): ${words?.error ?? errors.trim()}`;
    return { failure, isNamed: words?.id === id };
  });
  const result = await Promise.race([perform(id, options), stuck, died]);
  clearTimeout(timer);
  processes.clients.tell({ id, does: 'release' });
  const accounts = result.accounts ?? (await processes.clients.hear(id, 'accounts')).accounts;
  return { ...result, accounts };
}

async function perform(
  id: number,
  { processes: { clients }, servers, ticket, sabotage }: AttemptOptions,
): Promise<Attempt> {
  const open = servers.hear(id, 'open');
  servers.tell({ id, does: 'open', ticket, sabotage });
  const { where } = await open;
  const over = servers.hear(id, 'over');
  const taken = clients.hear(id, 'taken');
  clients.tell({ id, does: 'visit', ticket, where });
  servers.tell({ id, does: 'go' });
  if (drawPlan(ticket).stop.at === null) {
    await taken;
    servers.tell({ id, does: 'stop' });
  }
  const { evidence } = await over;
  return { evidence };
}
