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

/** How long a process may take to begin, in milliseconds. */
const BEGINNING_MS = 20_000;

/** Runs a round in a process of servers, whatever becomes of that. Never rejects. */
export async function attempt(options: AttemptOptions): Promise<Attempt> {
  const { processes, servers, ticket, plan } = options;
  await Promise.race([processes.ready, processes.clients.died]);
  const id = processes.nextId(ticket);
  servers.rounds += 1;
  const watchdog = new Watchdog(servers);
  const died = servers.died.then(({ code, errors }): Attempt => {
    const words = servers.lastWords;
    const failure = `the process has died (${code}): ${words?.error ?? errors.trim()}`;
    // Where there is no other one, it need not be named.
    const isOnly = words?.id === undefined && servers.rounds === 1;
    return { failure, isNamed: isOnly || words?.id === id };
  });
  const { clients } = processes;
  const lost = clients.died.then(({ code, errors }): Attempt => {
    return { failure: `the clients have died (${code}): ${errors}`, isNamed: true };
  });
  watchdog.expect(BEGINNING_MS);
  const performed = perform(id, options, () => {
    watchdog.expect(processes.patience * (plan.isCost ? COST_PATIENCE : 1));
  });
  const result = await Promise.race([performed, watchdog.stuck, died, lost]);
  watchdog.stop();
  // When all that were in it have been told.
  setImmediate(() => (servers.rounds -= 1));
  if (result.evidence) processes.over(id);
  const accounts = clients.hear(id, 'accounts');
  clients.tell({ id, does: 'release' });
  return { ...(await Promise.race([accounts, lost])), ...result };
}

/** Ends a process that stands still. */
class Watchdog {
  readonly stuck: Promise<Attempt>;
  readonly #servers: Servers;
  #timer: NodeJS.Timeout | undefined;
  #resolve: (attempt: Attempt) => void = () => {};

  constructor(servers: Servers) {
    this.#servers = servers;
    this.stuck = new Promise((resolve) => (this.#resolve = resolve));
  }

  /** Something within so many milliseconds. */
  expect(milliseconds: number): void {
    this.stop();
    this.#timer = setTimeout(() => {
      this.#servers.kill();
      const failure = `the process has stood still for ${milliseconds} ms`;
      this.#resolve({ failure, isNamed: this.#servers.rounds === 1 });
    }, milliseconds);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

async function perform(
  id: number,
  { processes: { clients }, servers, ticket, plan, sabotage }: AttemptOptions,
  onOpen: () => void,
): Promise<Attempt> {
  const open = servers.hear(id, 'open');
  servers.tell({ id, does: 'open', ticket, sabotage });
  const { where } = await open;
  onOpen();
  const over = servers.hear(id, 'over');
  const taken = clients.hear(id, 'taken');
  const begun = clients.hear(id, 'begun');
  clients.tell({ id, does: 'visit', ticket, where });
  await begun;
  servers.tell({ id, does: 'go' });
  if (plan.stop.at === null) {
    await taken;
    servers.tell({ id, does: 'stop' });
  }
  const { evidence } = await over;
  return { evidence };
}
