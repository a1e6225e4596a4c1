import assert from 'node:assert/strict';
import { connect } from '../../support/sockets.ts';
import { turns } from '../../support/turns.ts';
import type { Behaviour } from '../behaviour.ts';
import { held } from './handlers.ts';
import { late } from '../scene.ts';

/** The last request of its connection. */
const lastRequest = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

/** What a server does for the connections that it has when it is told to stop. */
export const draining: readonly Behaviour[] = [
  {
    number: 14,
    title: 'ends when the response in flight has been sent, and not before',
    needs: ['drain', 'http'],
    async holds(scene) {
      const { handler, running, release } = held();
      const serving = await scene.serve(handler, { protocol: 'http' });
      const { socket, ending } = await serving.connect();
      socket.write(lastRequest);
      await running(1);
      serving.stop();
      await scene.refuses(serving);
      await turns(20);
      let isReleased = false;
      const over = serving.over.then(() => assert.ok(isReleased, 'is over before'));
      isReleased = true;
      release();
      assert.match((await ending).text, /served/);
      await scene.happens(over, 'does not end');
    },
  },
  {
    number: 15,
    title: 'refuses new clients, serves the task in flight until the deadline, and then ends it',
    needs: ['grace'],
    async holds(scene) {
      const { handler, running } = held();
      const serving = await scene.serve(handler, { grace: 200 });
      const { socket, ending } = await serving.connect();
      await running(1);
      const begun = performance.now();
      serving.stop();
      await scene.refuses(serving);
      assert.equal(socket.destroyed || socket.readableEnded, false, 'ends it before');
      await ending;
      const took = performance.now() - begun;
      assert.ok(took >= 199, `ends it after ${took} ms`);
      await scene.ended(serving);
      assert.ok(performance.now() - begun < 1500, 'is over late');
      assert.equal(serving.stats().counts['forced'], 1);
    },
  },
  {
    number: 16,
    title: 'ends everything at once with a grace of 0',
    needs: ['grace'],
    async holds(scene) {
      const { handler, running } = held();
      const serving = await scene.serve(handler, { grace: 0 });
      const clients = [await serving.connect(), await serving.connect()];
      await running(2);
      const begun = performance.now();
      serving.stop();
      await Promise.all(clients.map(({ ending }) => ending));
      await scene.ended(serving);
      assert.ok(performance.now() - begun < 1000, 'is over late');
    },
  },
  {
    number: 17,
    title: 'waits for a handler however long it takes, if there is no deadline',
    needs: ['drain', 'http'],
    async holds(scene) {
      const { handler, running, release } = held();
      const serving = await scene.serve(handler, { protocol: 'http', grace: Infinity });
      const { socket, ending } = await serving.connect();
      socket.write(lastRequest);
      await running(1);
      serving.stop();
      const pause = new Promise<'still runs'>((resolve) =>
        setTimeout(() => resolve('still runs'), 300),
      );
      assert.equal(await Promise.race([serving.over, pause]), 'still runs', 'is over before');
      release();
      assert.match((await ending).text, /served/);
      await scene.happens(serving.over, 'does not end');
    },
  },
  {
    number: 50,
    title: 'stops a service after the service that uses it has stopped',
    needs: ['drain', 'http'],
    async holds(scene) {
      const { handler, running, release } = held();
      const back = await scene.serve(handler, { protocol: 'http' });
      const ask = async (): Promise<string> => {
        const { socket, ending } = await connect(back.port);
        socket.write(lastRequest);
        return (await ending).text;
      };
      const front = await scene.serve(async (connection) => connection.end(await ask()), {
        protocol: 'http',
      });
      const { socket, ending } = await front.connect();
      socket.write(lastRequest);
      await running(1);
      front.stop();
      await scene.refuses(front);
      release();
      await scene.happens(front.over, 'does not end');
      assert.match((await ending).text, /served/);
      assert.match(await ask(), /served/);
      assert.equal(await Promise.race([back.over, turns(2)]), undefined);
      back.stop();
      assert.notEqual(await scene.soon(back.over), late, 'does not end');
    },
  },
];
