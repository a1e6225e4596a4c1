/**
 * tRPC 11 with its standalone adapter. On Ctrl-C or SIGTERM calls under way are answered. A
 * subscription never ends by itself, so it listens to the same signal. Its client reconnects with
 * the last id that it has received.
 *
 *     PORT=8000 node trpc.ts
 *     curl http://127.0.0.1:8000/slow
 *     curl -N http://127.0.0.1:8000/ticks
 */
// oxlint-disable no-console -- an example writes to the terminal
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setInterval, setTimeout as delay } from 'node:timers/promises';
import { initTRPC, tracked } from '@trpc/server';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import { drain, listen, shutdownSignal } from 'accept-loop';

const shutdown = shutdownSignal();
const { procedure, router } = initTRPC.create();

/** Yields an event each second, until the client leaves or the server stops. */
async function* ticks(client: AbortSignal): AsyncGenerator<ReturnType<typeof tracked<string>>> {
  const left = new AbortController();
  const leave = (): void => left.abort();
  for (const signal of [client, shutdown]) signal.addEventListener('abort', leave);
  if (client.aborted || shutdown.aborted) leave();
  let count = 0;
  try {
    yield tracked(String(count), 'tick');
    for await (const _ of setInterval(1000, undefined, { signal: left.signal })) {
      count += 1;
      yield tracked(String(count), 'tick');
    }
  } catch (error) {
    if (!left.signal.aborted) throw error;
  } finally {
    for (const signal of [client, shutdown]) signal.removeEventListener('abort', leave);
  }
}

const handler = createHTTPHandler({
  router: router({
    hello: procedure.query(() => 'hello from tRPC'),
    slow: procedure.query(async () => {
      await delay(1000);
      return 'slow hello from tRPC';
    }),
    ticks: procedure.subscription(({ signal }) => ticks(signal ?? shutdown)),
  }),
});
const server = createServer(handler);
await listen(server, { port: process.env['PORT'] ?? 8000, host: '127.0.0.1' });
const drained = drain(server, { signal: shutdown });
console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);
console.log(await drained);
