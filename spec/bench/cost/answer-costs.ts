import { createInterface } from 'node:readline';

/** What a server process says of itself. */
export interface Costs {
  /** CPU time of all its threads so far, of the user and of the system, in µs. */
  readonly cpu: number;
  /** Connections or requests so far. */
  readonly served: number;
}

/**
 * Says the port with a line, answers each line of the input with the costs so far, and ends the
 * process with its input.
 *
 * @param served - Tells how many have been served.
 */
export async function answerCosts(port: number, served: () => number): Promise<void> {
  process.stdout.write(`${port}\n`);
  for await (const _ of createInterface(process.stdin)) {
    const { user, system } = process.cpuUsage();
    const costs: Costs = { cpu: user + system, served: served() };
    process.stdout.write(`${JSON.stringify(costs)}\n`);
  }
  process.exit();
}
