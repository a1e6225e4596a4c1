/**
 * A process of servers. Told of a round on a line of its input, it draws the round's plan and opens
 * its server; runs it when told to go; and prints what it has seen as a line of JSON. Nothing in it
 * catches what nobody else has caught: it dies of that, as any server would.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Lateness } from '../../storm/lateness.ts';
import { drawPlan } from '../draw-plan.ts';
import type { ServerOrder, ServerReply } from '../messages.ts';
import { openRound, type Round } from './round.ts';

const STANDARD_OUTPUT = 1;

const rounds = new Map<number, Round>();
const lateness = new Lateness();
/** Which round something belongs to: what a server does runs in the context it was opened in. */
const context = new AsyncLocalStorage<number>();

const line = (message: ServerReply): string => `${JSON.stringify(message)}\n`;

async function open({ id, ticket, sabotage }: ServerOrder & { does: 'open' }): Promise<void> {
  const round = await openRound(drawPlan(ticket), lateness, sabotage);
  rounds.set(id, round);
  process.stdout.write(line({ id, says: 'open', where: round.where }));
}

async function go(id: number): Promise<void> {
  const evidence = await rounds.get(id)?.run();
  rounds.delete(id);
  if (evidence) process.stdout.write(line({ id, says: 'over', evidence }));
}

// Changes nothing about what comes of it.
process.on('uncaughtExceptionMonitor', (error: unknown) => {
  const text = String((error as Error | undefined)?.stack ?? error);
  // Nothing that is not written by then is written ever.
  writeSync(STANDARD_OUTPUT, line({ id: context.getStore(), says: 'dying', error: text }));
});
process.on('warning', ({ name, stack, message }) => {
  // Of the runtime itself, about what it is made of; or what a handler has thrown, without `onError`.
  if (name !== 'MaxListenersExceededWarning') return;
  const text = `warning: ${stack ?? message}`;
  const round = rounds.get(context.getStore() ?? NaN);
  for (const each of round ? [round] : rounds.values()) each.tell(text);
});
// Who ends the fuzzer by a key tells every process of the terminal.
process.on('SIGINT', () => {});
// Not awaited at the top: Bun would outlive what nobody has caught.
createInterface(process.stdin)
  .on('line', (text) => {
    const order = JSON.parse(text) as ServerOrder;
    const { id } = order;
    if (order.does === 'open') void context.run(id, () => open(order));
    else if (order.does === 'go') void context.run(id, () => go(id));
    else rounds.get(id)?.stop();
  })
  .on('close', () => lateness.stop());
