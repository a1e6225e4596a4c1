import { readFileSync } from 'node:fs';
import { lineClient } from '../../support/line-client.ts';
import { takeTurns } from '../take-turns.ts';
import { type QueueContender, queueContenders } from './contenders.ts';
import type { Servers } from './servers.ts';
import { type Outcomes, stopWithQueue } from './stop-with-queue.ts';

/** How many clients wait. */
export const QUEUE_SIZES = [50, 200, 500, 2000] as const;

/** Bun listens with a backlog of 512, whatever it is told. */
const BUN_BACKLOG = 512;

export interface QueueVariant {
  readonly contender: QueueContender;
  readonly count: number;
}

export interface QueueFigures extends QueueVariant {
  /** Of each round. */
  readonly rounds: readonly Outcomes[];
}

interface QueueOptions {
  readonly servers: Servers;
  readonly rounds: number;
  /** Part of the names of the ways. */
  readonly only: string;
}

/** Of how many clients the server has not answered. */
export function lostOf({ rounds, count }: QueueFigures): number[] {
  return rounds.map(({ served = 0 }) => count - served);
}

function checkBacklog(): void {
  const most = Number(readFileSync('/proc/sys/net/core/somaxconn', 'latin1'));
  const wanted = Math.max(...QUEUE_SIZES);
  if (most >= wanted) return;
  throw new RangeError(`Cannot let ${wanted} clients wait: net.core.somaxconn is ${most}`);
}

/** Finds out which clients a stop loses that wait in the accept queue, by the way to stop. */
export async function queuedStops(options: QueueOptions): Promise<QueueFigures[]> {
  const { servers, rounds, only } = options;
  checkBacklog();
  const chosen = queueContenders.filter(
    ({ way, server }) => `${server} ${way}`.includes(only) && servers.has(server),
  );
  const isBun = ({ server }: QueueContender): boolean =>
    servers.get(server)?.title.startsWith('Bun ') === true;
  const variants = chosen
    .flatMap((contender) => QUEUE_SIZES.map((count): QueueVariant => ({ contender, count })))
    .filter(({ contender, count }) => count <= BUN_BACKLOG || !isBun(contender));
  const client = await lineClient('spec/clients/queued.ts');
  const results = await takeTurns(variants, rounds, ({ contender, count }) => {
    const { server, way, protocol } = contender;
    const command = [...(servers.get(server)?.command ?? []), way, '0'];
    return stopWithQueue({ command, protocol, count }, client);
  });
  await client.stop();
  return [...results].map(([{ contender, count }, outcomes]) => ({
    contender,
    count,
    rounds: outcomes,
  }));
}
