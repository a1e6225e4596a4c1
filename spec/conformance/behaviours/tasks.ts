import assert from 'node:assert/strict';
import type { Behaviour } from '../behaviour.ts';
import { echo, held } from './handlers.ts';
import type { Handler } from '../implementation.ts';

/** Handlers, and how many may run. */
export const tasks: readonly Behaviour[] = [
  {
    number: 25,
    title: 'closes connections that a handler has left open: twelve half-closed ones',
    needs: ['tasks'],
    async holds(scene) {
      const serving = await scene.serve(async (connection) => {
        assert.equal(await connection.read(), 'bytes');
      });
      const connects = Array.from({ length: 12 }, () => serving.connect({ allowHalfOpen: true }));
      const clients = await Promise.all(connects);
      for (const { socket } of clients) socket.end('bytes');
      const all = Promise.all(clients.map(({ ending }) => ending));
      const endings = await scene.happens(all, 'leaves them open');
      assert.ok(endings.every(({ by }) => by === 'end'));
      serving.stop();
      await scene.ended(serving);
      assert.equal(serving.stats().counts['completed'], 12);
    },
  },
  {
    number: 26,
    title: 'ends only the connection whose handler throws or rejects, and reports it once',
    needs: ['tasks'],
    async holds(scene) {
      const thrown = new Error('thrown');
      const rejected = new Error('rejected');
      let count = 0;
      const handler: Handler = (connection) => {
        count += 1;
        if (count === 1) return echo(connection);
        if (count === 2) throw thrown;
        return Promise.reject(rejected);
      };
      const serving = await scene.serve(handler);
      const [good, ...bad] = [
        await serving.connect(),
        await serving.connect(),
        await serving.connect(),
      ];
      for (const { ending } of bad) await scene.happens(ending, 'leaves the connection open');
      good.socket.end('alive');
      assert.equal((await good.ending).text, 'alive');
      assert.deepEqual(serving.stats().errors, [thrown, rejected]);
      serving.stop();
      await scene.ended(serving);
    },
  },
  {
    number: 27,
    title: 'goes on after six handlers in a row have failed',
    needs: ['tasks'],
    async holds(scene) {
      let left = 6;
      const serving = await scene.serve((connection) => {
        left -= 1;
        if (left >= 0) throw new Error('cannot begin');
        return echo(connection);
      });
      for (let count = 0; count < 6; count += 1) {
        const { ending } = await serving.connect();
        assert.equal((await scene.happens(ending, 'leaves it open')).text, '');
      }
      const { socket, ending } = await serving.connect();
      socket.end('served');
      assert.equal((await ending).text, 'served', 'serves no client any more');
      assert.equal(serving.stats().errors.length, 6);
    },
  },
  {
    number: 31,
    title: 'serves five at a time if that is the limit, and in the end all of thirty',
    needs: ['limit'],
    async holds(scene) {
      const { handler, running, release, peak } = held();
      const serving = await scene.serve(handler, { limit: 5 });
      const clients = await Promise.all(Array.from({ length: 30 }, () => serving.connect()));
      await running(5);
      release();
      const all = Promise.all(clients.map(({ ending }) => ending));
      const endings = await scene.happens(all, 'has some wait for ever');
      assert.ok(peak() <= 5, 'serves more at a time');
      assert.ok(
        endings.every(({ text }) => text === 'served'),
        'ends clients beyond the limit without serving them',
      );
    },
  },
  {
    number: 32,
    title: 'lets the second client wait while the first is served, if the limit is one',
    needs: ['limit'],
    async holds(scene) {
      const { handler, running, release, peak } = held();
      const serving = await scene.serve(handler, { limit: 1 });
      const first = await serving.connect();
      await running(1);
      const second = await serving.connect();
      assert.equal(first.socket.bytesRead + second.socket.bytesRead, 0);
      release();
      assert.equal((await first.ending).text, 'served');
      assert.equal(
        (await second.ending).text,
        'served',
        'ends clients beyond the limit without serving them',
      );
      assert.equal(peak(), 1);
    },
  },
  {
    number: 34,
    title: 'stops while it is at its limit, and accept errors take no slot',
    needs: ['limit', 'grace', 'accept errors'],
    async holds(scene) {
      const { handler, running } = held();
      const serving = await scene.serve(handler, { limit: 2, grace: 100 });
      for (let count = 0; count < 3; count += 1) {
        serving.emitError(Object.assign(new Error('accept EMFILE'), { syscall: 'accept' }));
      }
      const clients = [await serving.connect(), await serving.connect(), await serving.connect()];
      await running(2);
      await serving.arrived(3);
      serving.stop();
      await Promise.all(clients.map(({ ending }) => ending));
      await scene.ended(serving);
      const { forced, discarded } = serving.stats().counts;
      assert.deepEqual({ forced, discarded }, { forced: 2, discarded: 1 });
    },
  },
];
