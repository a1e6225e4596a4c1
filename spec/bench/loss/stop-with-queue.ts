import { stallUntilQueued } from '../../support/accept-queue.ts';
import type { LineProcess } from '../../support/line-process.ts';
import { benchServer } from '../bench-server.ts';
import { halt } from './halt.ts';

export interface QueuedStop {
  /** What starts the server process. */
  readonly command: readonly string[];
  readonly protocol: 'tcp' | 'http';
  /** How many clients wait when it is told to stop. */
  readonly count: number;
}

/** How many of the clients have come to which end: `served`, `reset`, … */
export type Outcomes = Readonly<Record<string, number>>;

/** Served before each stop, so that no program is new to it. Fewer than a backlog of 512 holds. */
const WARM = 400;

/**
 * Stops a server while clients wait in its accept queue. Its process is halted, as a busy system
 * halts it, so that the kernel alone completes the connects; then it is told to stop, and goes on.
 *
 * @param client - Of `spec/clients/queued.ts`.
 * @throws When not all of them wait, or the process fails.
 */
export async function stopWithQueue(
  { command, protocol, count }: QueuedStop,
  client: LineProcess,
): Promise<Outcomes> {
  const server = await benchServer(command);
  const { child, port } = server;
  try {
    await client.ask('connect', port, WARM, protocol);
    const warm = JSON.parse(await client.ask('outcomes')) as Outcomes;
    if (warm['served'] !== WARM) throw new Error(`${command.join(' ')}: ${JSON.stringify(warm)}`);
    await halt(child);
    await client.ask('connect', port, count, protocol);
    stallUntilQueued(port, count);
    // Pending while it is halted: it finds the signal and the clients in the same moment.
    child.kill('SIGTERM');
    child.kill('SIGCONT');
    const outcomes = JSON.parse(await client.ask('outcomes')) as Outcomes;
    await server.stop();
    if (child.exitCode === 0) return outcomes;
    throw new Error(`${command.join(' ')} has ended with ${child.exitCode ?? child.signalCode}`);
  } finally {
    // It may be halted still.
    child.kill('SIGKILL');
  }
}
