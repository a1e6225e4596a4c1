import { spawnNode, spawnScript } from '../../../support/spawn-script.ts';
import type { ClientsOrder, ClientsReply, ServerOrder, ServerReply } from '../messages.ts';
import { Worker } from './worker.ts';

type Clients = Worker<ClientsOrder, ClientsReply>;

const stdio = ['pipe', 'pipe', 'pipe'] as const;

/** A process of servers, under this runtime. */
export class Servers extends Worker<ServerOrder, ServerReply> {
  /** What it has said as it died. */
  lastWords: (ServerReply & { says: 'dying' }) | undefined;

  constructor() {
    const child = spawnScript('spec/chaos/fuzz/server/process.ts', { stdio: [...stdio] });
    super(child, (reply) => {
      if (reply.says === 'dying') this.lastWords ??= reply;
    });
  }
}

/** The processes of one run: clients, and servers that may die. */
export class Processes {
  readonly clients: Clients = new Worker(
    spawnNode('spec/chaos/fuzz/clients/process.ts', { stdio: [...stdio] }),
  );
  #shared: Servers | undefined;
  #rounds = 0;

  /** Each time a round is run it has a number of its own. */
  nextId(): number {
    return (this.#rounds += 1);
  }

  /** That in which rounds run together: a new one, when it has died. */
  get shared(): Servers {
    if (this.#shared !== undefined) return this.#shared;
    const servers = new Servers();
    this.#shared = servers;
    void servers.died.then(() => {
      if (this.#shared === servers) this.#shared = undefined;
    });
    return servers;
  }

  async stop(): Promise<void> {
    await Promise.all([this.#shared?.stop(), this.clients.stop()]);
  }
}
