import { readFileSync } from 'node:fs';
import type { Server } from 'node:net';
import type { BurstClient, Outcomes } from './burst-client.ts';
import { portOf } from './sockets.ts';
import { turns } from './turns.ts';

/**
 * How many connections wait in the kernel's accept queue of an IPv4 port. Linux shows the number in
 * the receive column of a listening socket (state 0A). The call is synchronous, so that the event
 * loop stands still while connections gather.
 */
function acceptQueueLength(port: number): number {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n')) {
    const [, local = '', , state, queues = ''] = line.trim().split(/\s+/);
    if (state === '0A' && local.endsWith(`:${wanted}`)) return parseInt(queues.slice(9), 16);
  }
  return 0;
}

/**
 * Begins a burst, and lets its clients gather in the accept queue. Clients that come in the first
 * turn are accepted.
 */
export async function gather(
  client: BurstClient,
  server: Server,
  count: number,
): Promise<{ outcomes: Promise<Outcomes> }> {
  const port = portOf(server);
  let accepted = 0;
  server.on('connection', () => (accepted += 1));
  const outcomes = client.burst(port, count);
  await turns(1);
  stallUntilQueued(port, count - accepted);
  return { outcomes };
}

/** Blocks the event loop until `count` connections wait. Throws after five seconds. */
export function stallUntilQueued(port: number, count: number): void {
  const end = performance.now() + 5000;
  while (acceptQueueLength(port) < count) {
    if (performance.now() > end) throw new Error(`Only ${acceptQueueLength(port)} wait`);
  }
}
