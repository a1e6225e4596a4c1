import type { LineProcess } from '../../support/line-process.ts';
import type { BenchRuntime } from '../bench-runtime.ts';
import { benchServer, scriptCommand } from '../bench-server.ts';
import type { StopResult } from './server.ts';
import { forcedOf, protocolOf, type WayName } from './way-names.ts';

export interface Stop {
  readonly way: WayName;
  /** Idle connections that are open. */
  readonly size: number;
}

/** One stop of a fresh server process. @throws When not every connection was open, and ended. */
export async function runStop(
  runtime: BenchRuntime,
  client: LineProcess,
  { way, size }: Stop,
): Promise<StopResult> {
  const server = await benchServer(scriptCommand(runtime, 'spec/bench/stop/server.ts', way));
  const opened = await client.ask('open', server.port, size, protocolOf(way));
  const result = JSON.parse(await server.ask('stop')) as StopResult;
  const closed = JSON.parse(await client.ask('close')) as Record<string, number>;
  await server.stop();
  const { ended = 0, reset = 0 } = closed;
  const isPolite = way.endsWith('idle') || way === 'ws close';
  const isWhole = result.accepted === size && ended + (isPolite ? 0 : reset) === size;
  if (isWhole && (result.forced ?? 0) === forcedOf(way, size)) return result;
  throw new Error(`${way}, ${size}: ${opened} ${JSON.stringify(result)} ${JSON.stringify(closed)}`);
}
