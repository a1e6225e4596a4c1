/**
 * A process of clients. Told of a round on a line of its input, it draws the round's plan and makes
 * its visits; it says when all steps have been taken, and what became of them when they are
 * released. Ends with its input.
 */
import { createInterface } from 'node:readline';
import { drawPlan } from '../draw-plan.ts';
import type { ClientsOrder, ClientsReply } from '../messages.ts';
import { Client } from './client.ts';

const rounds = new Map<number, readonly Client[]>();

const reply = (message: ClientsReply): void =>
  void process.stdout.write(`${JSON.stringify(message)}\n`);

async function visit(order: ClientsOrder & { does: 'visit' }): Promise<void> {
  const { id, ticket, where } = order;
  const plan = drawPlan(ticket);
  const clients = plan.visits.map((planned) => new Client(planned, where));
  rounds.set(id, clients);
  reply({ id, says: 'begun' });
  await Promise.all(clients.map((client) => client.take()));
  if (plan.isCost) await Promise.all(clients.map((client) => client.quiet()));
  reply({ id, says: 'taken' });
}

function release(id: number): void {
  const clients = rounds.get(id) ?? [];
  for (const client of clients) client.release();
  rounds.delete(id);
  reply({ id, says: 'accounts', accounts: clients.map(({ account }) => account) });
}

// Who ends the fuzzer by a key tells every process of the terminal.
process.on('SIGINT', () => {});
reply({ id: 0, says: 'ready' });
for await (const line of createInterface(process.stdin)) {
  const order = JSON.parse(line) as ClientsOrder;
  if (order.does === 'visit') void visit(order);
  else release(order.id);
}
