/**
 * A process of clients: told an errand on a line of its input, it makes all of its visits, and
 * prints what became of them as one line of JSON. Ends with its input.
 */
import { createInterface } from 'node:readline';
import type { Errand, VisitAccount } from '../storm/account.ts';
import { isHttp2, isPolite, isStream, isWebSocket, type Kind, type Visit } from '../storm/plan.ts';
import { visitHttp1 } from './http1.ts';
import { visitHttp2 } from './http2.ts';
import { visitRudely } from './rude.ts';
import { visitStream } from './streams.ts';
import { Trip } from './trip.ts';
import { visitWebSocket } from './web-sockets.ts';

function visitorFor(kind: Kind, planned: Visit): (trip: Trip) => Promise<void> {
  if (planned.style === 'cancels') return visitHttp2;
  if (!isPolite(planned)) return visitRudely;
  if (isStream(kind)) return visitStream;
  if (isHttp2(kind)) return visitHttp2;
  return isWebSocket(kind) ? visitWebSocket : visitHttp1;
}

async function visit(errand: Errand, planned: Visit, index: number): Promise<VisitAccount> {
  const trip = new Trip(errand, planned, index);
  await trip.make(visitorFor(trip.kind, planned));
  return trip.account;
}

async function run(errand: Errand): Promise<void> {
  const visits = errand.visits as readonly Visit[];
  const accounts = await Promise.all(visits.map((planned, index) => visit(errand, planned, index)));
  process.stdout.write(`${JSON.stringify({ round: errand.round, accounts })}\n`);
}

// Who ends the storm by a key tells every process of the terminal.
process.on('SIGINT', () => {});
for await (const line of createInterface(process.stdin)) void run(JSON.parse(line) as Errand);
