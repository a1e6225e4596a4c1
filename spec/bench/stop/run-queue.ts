import { lineClient } from '../../support/line-client.ts';
import type { BenchRuntime } from '../bench-runtime.ts';
import { benchServer, scriptCommand } from '../bench-server.ts';
import { median } from '../median.ts';

export interface QueueCase {
  readonly kind: 'thing' | 'emitter' | 'socket';
  /** Connections that wait. */
  readonly size: number;
}

/** Drains before those that count: by then the code is compiled. */
const WARM_UP = 10;

/** Drains of one process. Their median is the result of a round. */
const REPEATS = 9;

/** Drains a full queue in a fresh process. @returns Nanoseconds for each connection. */
export async function runQueue(runtime: BenchRuntime, { kind, size }: QueueCase): Promise<number> {
  const queue = await benchServer(scriptCommand(runtime, 'spec/bench/stop/queue.ts', kind));
  const times: number[] = [];
  if (kind === 'socket') {
    const client = await lineClient('spec/clients/idle.ts');
    const [time] = await Promise.all([
      queue.ask(size),
      client.ask('open', queue.port, size, 'tcp'),
    ]);
    times.push(Number(time));
    await client.ask('close');
    await client.stop();
  } else {
    for (let count = 0; count < WARM_UP; count += 1) await queue.ask(4096);
    for (let count = 0; count < REPEATS; count += 1) times.push(Number(await queue.ask(size)));
  }
  await queue.stop();
  return median(times);
}
