import { lineClient } from '../../support/line-client.ts';
import { type BenchRuntime } from '../bench-runtime.ts';
import { type BenchServer, benchServer, scriptCommand } from '../bench-server.ts';
import type { Look } from './types.ts';
import type { Variant } from './variants.ts';

/** Before the first look: what the first connections make, code above all, stays. */
const WARM = 500;

/** A client and a server, both new, and a look at the server. */
interface Scene {
  readonly client: Awaited<ReturnType<typeof lineClient>>;
  readonly server: BenchServer;
  /** Looks when so many are open, and so many have come since the start. */
  readonly look: (open: number, came: number) => Promise<Look>;
}

async function withScene<Result>(
  { command, ...runtime }: BenchRuntime,
  way: string,
  measure: (scene: Scene) => Promise<Result>,
): Promise<Result> {
  const flags = runtime.name === 'Deno' ? ['--v8-flags=--expose-gc,--no-flush-bytecode'] : [];
  const withFlags = { ...runtime, command: [...command, ...flags] };
  const [server, client] = await Promise.all([
    benchServer(scriptCommand(withFlags, 'spec/bench/memory/server.ts', way)),
    lineClient('spec/clients/hold.ts'),
  ]);
  try {
    const look = async (open: number, came: number): Promise<Look> =>
      JSON.parse(await server.ask('look', open, came)) as Look;
    return await measure({ client, server, look });
  } finally {
    await Promise.all([client.stop(), server.stop()]);
  }
}

/** Bytes that each open connection takes, when so many are open. */
export interface OpenResult {
  readonly connections: number;
  readonly heap: number;
  readonly resident: number;
}

/** @param counts - How many to open, in turn; ascending. */
export function measureOpen(
  runtime: BenchRuntime,
  { group, way }: Variant,
  counts: readonly number[],
): Promise<OpenResult[]> {
  const protocol = group === 'http' ? 'http' : 'tcp';
  return withScene(runtime, way, async ({ client, server, look }) => {
    await client.ask('open', server.port, WARM, protocol);
    await client.ask('close');
    const before = await look(0, WARM);
    const results: OpenResult[] = [];
    for (const connections of counts) {
      const more = connections - (results.at(-1)?.connections ?? 0);
      await client.ask('open', server.port, more, protocol);
      const after = await look(connections, WARM + connections);
      results.push({
        connections,
        heap: (after.heap + after.external - before.heap - before.external) / connections,
        resident: (after.resident - before.resident) / connections,
      });
    }
    await client.ask('close');
    await server.ask('stop');
    return results;
  });
}

/** What is left of connections that have been served and are gone: bytes. */
export interface GoneResult {
  /** Of each. */
  readonly heap: number;
  /** In all. */
  readonly resident: number;
  /** When all has been stopped, in all. */
  readonly heapAtEnd: number;
}

/** @param count - How many come, after as many as a tenth of them for a beginning. */
export function measureGone(
  runtime: BenchRuntime,
  { way }: Variant,
  count: number,
): Promise<GoneResult> {
  const warm = Math.round(count / 10);
  return withScene(runtime, way, async ({ client, server, look }) => {
    await client.ask('visit', server.port, warm);
    const before = await look(0, warm);
    await client.ask('visit', server.port, count);
    const after = await look(0, warm + count);
    const end = JSON.parse(await server.ask('stop')) as Look;
    return {
      heap: (after.heap + after.external - before.heap - before.external) / count,
      resident: after.resident,
      heapAtEnd: end.heap,
    };
  });
}
