import assert from 'node:assert/strict';
import { once } from 'node:events';
import { turns, until } from '../../support/turns.ts';
import type { Behaviour } from '../behaviour.ts';
import { echo, greet, held } from './handlers.ts';
import type { Running } from '../implementation.ts';
import { calls, nameOf } from '../scene.ts';
import { settled } from '../settled.ts';

async function closedOnce({ stats }: Running): Promise<void> {
  await until(() => stats().closes > 0);
  await turns(3);
  assert.equal(stats().closes, 1, 'emits its close more than once');
}

/** Stop, and the end of the listener. */
export const stopping: readonly Behaviour[] = [
  {
    number: 1,
    title: 'ends without an error when it is told to stop, and no longer listens',
    needs: [],
    async holds(scene) {
      const serving = await scene.serve(greet);
      serving.stop();
      await scene.ended(serving);
      await scene.refuses(serving);
    },
  },
  {
    number: 2,
    title: 'ends at once, and no longer listens, if its signal has already aborted',
    needs: ['signal'],
    async holds(scene) {
      const { value, error } = await settled(scene.serve(greet, { signal: AbortSignal.abort() }));
      if (value === undefined) assert.fail(`throws ${nameOf(error)}`);
      await scene.ended(value);
      await scene.refuses(value);
      await closedOnce(value);
    },
  },
  {
    number: 3,
    title: 'emits its close once, even if other code closes its listener, too',
    needs: [],
    async holds(scene) {
      const serving = await scene.serve(greet);
      serving.stop();
      calls(() => serving.close(), 'when other code closes it');
      await scene.refuses(serving);
      await scene.happens(serving.over, 'does not end');
      await closedOnce(serving);
    },
  },
  {
    number: 4,
    title: 'can be told to stop twice',
    needs: [],
    async holds(scene) {
      const serving = await scene.serve(greet);
      serving.stop();
      calls(() => serving.stop(), 'when it is stopped twice');
      await scene.happens(serving.over, 'does not end');
      calls(() => serving.stop(), 'when it is stopped after the end');
    },
  },
  {
    number: 7,
    title: 'frees its port at once: ten starts and stops in a row',
    needs: [],
    async holds(scene) {
      let port = 0;
      for (let round = 0; round < 10; round += 1) {
        const serving = await scene.serve(greet, { port });
        ({ port } = serving);
        const { socket, ending } = await serving.connect();
        assert.equal(String(await once(socket, 'data')), 'hello');
        await ending;
        serving.stop();
        await scene.happens(serving.over, 'does not end');
      }
    },
  },
  {
    number: 13,
    title: 'refuses new clients while it waits for the connections that it has',
    needs: [],
    async holds(scene) {
      const { handler, running, release } = held();
      const serving = await scene.serve(handler);
      const { ending } = await serving.connect();
      await running(1);
      serving.stop();
      await scene.refuses(serving);
      release();
      assert.equal((await ending).text, 'served', 'ends the connection that it has');
      await scene.happens(serving.over, 'does not end');
    },
  },
  {
    number: 45,
    title: 'keeps connections open while it is stopped, and can be started again beside them',
    needs: [],
    async holds(scene) {
      const first = await scene.serve(echo, { grace: Infinity });
      const { socket, ending } = await first.connect();
      const echoes = async (text: string): Promise<void> => {
        socket.write(text);
        const heard = await scene.happens(once(socket, 'data'), 'ends a connection that it has');
        assert.equal(String(heard[0]), text);
      };
      await echoes('before');
      first.stop();
      await scene.refuses(first);
      await echoes('stopped');
      const second = await scene.serve(echo, { port: first.port });
      await echoes('started again');
      const newcomer = await second.connect();
      newcomer.socket.end('new');
      assert.equal((await newcomer.ending).text, 'new', 'does not start again');
      socket.end();
      assert.equal((await ending).by, 'end', 'cuts a connection off');
      await scene.happens(first.over, 'does not end');
    },
  },
];
