import type { Server } from 'node:net';
import { type AcceptLoop, acceptLoop, type AcceptLoopStats, type ConnectionOf } from 'accept-loop';
import { assertConserved } from './conservation.ts';
import { nothingLeft, settleRequests } from './scene.ts';
import { listening } from './sockets.ts';

/** A server whose connections one consumer takes, in order, and a signal that ends the loop. */
export interface LoopScene<AnyServer extends Server> {
  readonly server: AnyServer;
  readonly loop: AcceptLoop<ConnectionOf<AnyServer>>;
  /** Stops the loop, waits for the end, and asserts that nothing is left. */
  readonly end: () => Promise<AcceptLoopStats>;
}

/** @param consume - Called with each connection. Its result is not awaited. */
export async function loopScene<AnyServer extends Server>(
  unbound: AnyServer,
  consume: (connection: ConnectionOf<AnyServer>) => unknown,
): Promise<LoopScene<AnyServer>> {
  const assertNothingLeft = nothingLeft(settleRequests(unbound));
  const server = await listening(unbound);
  const stop = new AbortController();
  const closed = new Promise((resolve) => server.once('close', resolve));
  const loop = acceptLoop(server, stop.signal);
  const consumed = (async (): Promise<void> => {
    for await (const connection of loop) void consume(connection);
  })();
  const end = async (): Promise<AcceptLoopStats> => {
    stop.abort();
    await consumed;
    await closed;
    assertConserved(loop.stats);
    await assertNothingLeft(stop.signal);
    return loop.stats;
  };
  return { server, loop, end };
}
