import type { LineProcess } from '../../support/line-process.ts';
import { type BenchServer, benchServer } from '../bench-server.ts';
import { pinned } from '../pinned.ts';
import { takeTurns } from '../take-turns.ts';
import type { Costs } from './answer-costs.ts';
import type { Contender, Load } from './contenders.ts';

/** What connections or requests have cost in one round. */
export interface Turn {
  /** Of the server, in µs each. */
  readonly cpu: number;
  /** As many as the client got answered. */
  readonly perSecond: number;
}

export interface Amount {
  readonly rounds: number;
  /** Turns of each before its first that counts. */
  readonly warmUp: number;
  /** Connections or requests of a round, of each load. */
  readonly counts: Readonly<Record<Load, number>>;
}

async function costsOf({ ask }: LineProcess): Promise<Costs> {
  return JSON.parse(await ask('costs')) as Costs;
}

async function take(
  { load, title }: Contender,
  server: BenchServer,
  client: LineProcess,
  count: number,
): Promise<Turn> {
  const before = await costsOf(server);
  const seconds = Number(await client.ask(load, server.port, count));
  const after = await costsOf(server);
  const served = after.served - before.served;
  if (served !== count) throw new Error(`${title} has served ${served} of ${count}`);
  return { cpu: (after.cpu - before.cpu) / count, perSecond: count / seconds };
}

/**
 * Measures servers from a client process, which speaks as spec/clients/cost.ts does. All live through all rounds, so that each is
 * warm; who waits for its turn does nothing.
 *
 * @returns Of each its turns, one a round.
 */
export async function endToEnd(
  contenders: readonly Contender[],
  client: LineProcess,
  { rounds, counts, warmUp }: Amount,
): Promise<Map<Contender, Turn[]>> {
  const servers = new Map<Contender, BenchServer>();
  const turn = async (contender: Contender): Promise<Turn> => {
    const server = servers.get(contender) ?? (await benchServer(pinned(contender.command, 0)));
    const isNew = !servers.has(contender);
    servers.set(contender, server);
    const count = counts[contender.load];
    for (let left = isNew ? warmUp : 0; left > 0; left -= 1) {
      await take(contender, server, client, count);
    }
    return take(contender, server, client, count);
  };
  try {
    return await takeTurns(contenders, rounds, turn);
  } finally {
    await Promise.all([...servers.values()].map(({ stop }) => stop()));
  }
}
