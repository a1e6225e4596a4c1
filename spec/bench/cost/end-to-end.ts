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
  /** After so many, a server gets a new process. */
  readonly roundsOfProcess: number;
  /** Turns of each process before its first that counts. */
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
 * Measures servers from a client process, which speaks as spec/clients/cost.ts does. Each server gets
 * a new process every few rounds: where V8 puts things, and what it compiles when, is chance, and
 * stays so for the life of a process. Each is warm before it counts, and who waits for its turn does
 * nothing.
 *
 * @returns Of each its turns, one a round.
 */
export async function endToEnd(
  contenders: readonly Contender[],
  client: LineProcess,
  { rounds, roundsOfProcess, counts, warmUp }: Amount,
): Promise<Map<Contender, Turn[]>> {
  const servers = new Map<Contender, BenchServer>();
  const renew = async (contender: Contender): Promise<BenchServer> => {
    await servers.get(contender)?.stop();
    const server = await benchServer(pinned(contender.command, 0));
    servers.set(contender, server);
    for (let left = warmUp; left > 0; left -= 1)
      await take(contender, server, client, counts[contender.load]);
    return server;
  };
  const turn = async (contender: Contender, round: number): Promise<Turn> => {
    const known = (round - 1) % roundsOfProcess === 0 ? undefined : servers.get(contender);
    const server = known ?? (await renew(contender));
    return take(contender, server, client, counts[contender.load]);
  };
  try {
    return await takeTurns(contenders, rounds, turn);
  } finally {
    await Promise.all([...servers.values()].map(({ stop }) => stop()));
  }
}
