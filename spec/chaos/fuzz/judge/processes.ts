import { spawnNode, spawnScript } from '../../../support/spawn-script.ts';
import type { ClientsOrder, ClientsReply, ServerOrder, ServerReply } from '../messages.ts';
import type { Ticket } from '../plan.ts';
import { Worker } from './worker.ts';

type Clients = Worker<ClientsOrder, ClientsReply>;

const stdio = ['pipe', 'pipe', 'pipe'] as const;

/** A process of servers, under this runtime. */
export class Servers extends Worker<ServerOrder, ServerReply> {
  /** What it has said as it died. */
  lastWords: (ServerReply & { says: 'dying' }) | undefined;
  /** How many rounds it has at the moment. */
  rounds = 0;

  constructor() {
    const child = spawnScript('spec/chaos/fuzz/server/process.ts', { stdio: [...stdio] });
    super(child, (reply) => {
      if (reply.says === 'dying') this.lastWords ??= reply;
    });
  }
}

/** How long a round may take, in milliseconds: after that, the process stands still. */
const PATIENCE_MS = 10_000;

/** Told of a round that was over, and has been the death of its process. */
type OnLateDeath = (ticket: Ticket, failure: string) => void;

interface ProcessesOptions {
  readonly patience?: number;
  readonly onLateDeath?: OnLateDeath;
}

/** The processes of one run: clients, and servers that may die. */
export class Processes {
  /** How long a round may take, in milliseconds. */
  readonly patience: number;
  readonly clients: Clients = new Worker(
    spawnNode('spec/chaos/fuzz/clients/process.ts', { stdio: [...stdio] }),
  );
  /** Clients that come late meet no server. */
  readonly ready: Promise<unknown> = this.clients.hear(0, 'ready');
  #shared: Servers | undefined;
  readonly #onLateDeath: OnLateDeath;
  readonly #tickets = new Map<number, Ticket>();
  readonly #over = new Set<number>();
  #rounds = 0;

  constructor({ patience = PATIENCE_MS, onLateDeath = () => {} }: ProcessesOptions = {}) {
    this.patience = patience;
    this.#onLateDeath = onLateDeath;
  }

  /** Each time a round is run it has a number of its own. */
  nextId(ticket: Ticket): number {
    this.#rounds += 1;
    this.#tickets.set(this.#rounds, ticket);
    return this.#rounds;
  }

  /** A round is over; what it leaves may still be the death of its process. */
  over(id: number): void {
    this.#over.add(id);
  }

  /** That in which rounds run together: a new one, when it has died. */
  get shared(): Servers {
    if (this.#shared?.isAlive) return this.#shared;
    const servers = new Servers();
    this.#shared = servers;
    void this.#follow(servers);
    return servers;
  }

  /** Whatever a round leaves behind may be the death of its process when it is over. */
  async #follow(servers: Servers): Promise<void> {
    const { code, errors } = await servers.died;
    if (this.#shared === servers) this.#shared = undefined;
    const { id, error } = servers.lastWords ?? {};
    // Where nobody is named and none is under way, it was one that is over.
    const isUnnamed = code !== 0 && id === undefined && servers.rounds === 0;
    const named = isUnnamed ? [...this.#over].at(-1) : id;
    const ticket = named !== undefined && this.#over.has(named) && this.#tickets.get(named);
    if (!ticket) return;
    this.#onLateDeath(ticket, `the process has died after its end (${code}): ${error ?? errors}`);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#shared?.stop(), this.clients.stop()]);
  }
}
