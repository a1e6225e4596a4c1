/**
 * A process that fills an `acceptLoop` whose consumer has not asked, ends the loop and takes all:
 * `queue.ts <thing | emitter | socket>`. It says its port, 0 but for sockets. Told a count on a line of
 * its input it answers with nanoseconds for each taken, from the first `next()` after the end to
 * `done`. With sockets, so many clients have to connect, and wait. Ends with its input.
 *
 * - `thing`: an event's argument is a plain object.
 * - `emitter`: it is an emitter that can be destroyed, so that the loop guards and watches it.
 * - `socket`: connections of a `net.Server`.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { EventEmitter, once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setFlagsFromString } from 'node:v8';
import { type AcceptLoop, acceptLoop } from 'accept-loop';
import { garbageCollector } from '../../support/garbage.ts';
import { runtime } from '../../support/runtime.ts';
import { until } from '../../support/turns.ts';

// A collection would drop the code, which is compiled by then.
if (runtime.name === 'node') setFlagsFromString('--no-flush-bytecode');

/** No connection is refused. */
const MAX_QUEUED = 1_000_000;

const event = 'arrival';
const kind = process.argv[2] ?? '';
/** Deno has to be told by a flag that its garbage is to be collected on demand. */
const collect = runtime.name === 'deno' ? () => {} : garbageCollector();

/** Ends when the loop takes no more: the last call is not what is measured. */
function ended(): Promise<void> {
  return new Promise((resolve) => {
    const name = 'accept-loop:end';
    subscribe(name, function onEnd() {
      unsubscribe(name, onEnd);
      resolve();
    });
  });
}

async function takeAll(loop: AcceptLoop<unknown>, count: number): Promise<number> {
  let taken = 0;
  const begun = performance.now();
  for await (const _ of loop) taken += 1;
  const time = performance.now() - begun;
  if (taken !== count) throw new Error(`Cannot measure: ${taken} of ${count} were taken`);
  return (time * 1e6) / count;
}

class Arrival extends EventEmitter {
  destroy(): void {
    this.emit('close');
  }
}

const arrivals: Readonly<Record<string, () => object>> = {
  thing: () => ({}),
  emitter: () => new Arrival(),
};

async function measureEvents(makeArrival: () => object, count: number): Promise<number> {
  const emitter = new EventEmitter();
  const stop = new AbortController();
  const loop = acceptLoop(emitter, { event, signal: stop.signal, maxQueued: MAX_QUEUED });
  for (let number = 0; number < count; number += 1) emitter.emit(event, makeArrival());
  const end = ended();
  stop.abort();
  await end;
  return takeAll(loop, count);
}

const server = createServer();

async function measureSockets(count: number): Promise<number> {
  const stop = new AbortController();
  const loop = acceptLoop(server, { signal: stop.signal, maxQueued: MAX_QUEUED });
  const sockets = new Set<{ destroy(): unknown }>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    // The client waits to be told something.
    socket.write('served\n');
  });
  await until(() => loop.stats.queued === count);
  const end = ended();
  stop.abort();
  await end;
  const time = await takeAll(loop, count);
  for (const socket of sockets) socket.destroy();
  return time;
}

const makeArrival = arrivals[kind];
if (makeArrival === undefined) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}
process.stdout.write(`${makeArrival ? 0 : (server.address() as AddressInfo).port}\n`);
for await (const line of createInterface(process.stdin)) {
  // Of the queue before. Not between filling and taking, which would leave nothing warm.
  collect();
  const measure = makeArrival
    ? measureEvents(makeArrival, Number(line))
    : measureSockets(Number(line));
  process.stdout.write(`${await measure}\n`);
}
