/**
 * MQTT with aedes, as an example of a TCP protocol that other code speaks. `drain` cannot know when
 * a client has nothing more to say. So the broker closes its clients, a moment after the signal.
 * Messages that were published by then are acknowledged. Clients reconnect, and repeat the messages
 * that were not acknowledged.
 *
 *     PORT=1883 node mqtt.ts
 */
// oxlint-disable no-console -- an example writes to the terminal
import { type AddressInfo, createServer } from 'node:net';
import { drain, listen, shutdownSignal } from 'accept-loop';
import { Aedes } from 'aedes';

const signal = shutdownSignal();
const broker = await Aedes.createBroker();
const server = createServer(broker.handle);

function sayGoodbye(): void {
  // The last call takes 600 ms at most. After it no new client comes.
  setTimeout(() => broker.close(), 700);
}
if (signal.aborted) sayGoodbye();
signal.addEventListener('abort', sayGoodbye);
await listen(server, { port: process.env['PORT'] ?? 1883, host: '127.0.0.1' });
const drained = drain(server, { signal });
console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);
console.log(await drained);
