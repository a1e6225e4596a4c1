import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { drain, serve } from 'accept-loop';
import { garbageCollector } from '../support/garbage.ts';
import { limits } from '../support/limits.ts';
import { connect, listening } from '../support/sockets.ts';
import { suite } from '../support/suite.ts';
import { until } from '../support/turns.ts';

const test = suite('a program that keeps what serve or drain has returned');

const never = (): Promise<never> => new Promise(() => {});
const { signal } = new AbortController();

const ways = {
  'serve, callback style': (server: Server) => serve(server, () => {}),
  'serve, handlers that do not end': (server: Server) => serve(server, never),
  'serve, connections that wait for a slot': (server: Server) =>
    serve(server, never, { concurrency: 1 }),
  drain: (server: Server) => drain(server, signal),
};

for (const [name, begin] of Object.entries(ways)) {
  test(
    `keeps no socket that was ended by force (${name})`,
    async () => {
      const count = 5;
      const sockets: WeakRef<Socket>[] = [];
      const shutDown = async (): Promise<unknown> => {
        const server = await listening(createServer());
        server.on('connection', (socket) => sockets.push(new WeakRef(socket)));
        const begun = begin(server);
        const clients = await Promise.all(Array.from({ length: count }, () => connect(server)));
        await until(() => sockets.length === count);
        const closed = once(server, 'close');
        const { stragglers } = await begun.stop({ grace: 0 });
        assert.equal(stragglers.length, count);
        for (const { ending } of clients) await ending;
        await closed;
        return begun;
      };
      const kept = await shutDown();
      const collect = garbageCollector();
      await until(() => {
        collect();
        return sockets.every((socket) => socket.deref() === undefined);
      });
      assert.ok(kept);
    },
    { cannot: limits.collectedGarbage },
  );
}

test.run();
