import assert from 'node:assert/strict';
import { once } from 'node:events';
import { turns, until } from '../../support/turns.ts';
import type { Behaviour } from '../behaviour.ts';
import type { Handler } from '../implementation.ts';
import { held } from './handlers.ts';

/** Waits until it is told that a shutdown begins. */
async function told(draining: AbortSignal): Promise<void> {
  if (!draining.aborted) await once(draining, 'abort');
}

/** How handlers are told that a shutdown has begun. */
export const goodbyes: readonly Behaviour[] = [
  {
    number: 18,
    title: 'tells a handler that the shutdown begins, so that it can say goodbye',
    needs: ['draining'],
    async holds(scene) {
      const serving = await scene.serve(async (connection, context) => {
        await told(context.draining);
        connection.end('GOODBYE');
      });
      const { ending } = await serving.connect();
      await serving.arrived(1);
      serving.stop();
      assert.deepEqual(await ending, { text: 'GOODBYE', by: 'end' });
      await scene.ended(serving);
    },
  },
  {
    number: 19,
    title: 'tells each of three handlers exactly once',
    needs: ['draining'],
    async holds(scene) {
      const tellings: AbortSignal[] = [];
      let begun = 0;
      const serving = await scene.serve(async (_, context) => {
        context.draining.addEventListener('abort', () => tellings.push(context.draining));
        begun += 1;
        await told(context.draining);
      });
      for (let count = 0; count < 3; count += 1) await serving.connect();
      await until(() => begun === 3);
      assert.equal(tellings.length, 0);
      serving.stop();
      serving.stop();
      await scene.ended(serving);
      assert.equal(tellings.length, 3);
      assert.equal(new Set(tellings).size, 3);
    },
  },
  {
    number: 20,
    title: 'tells all handlers even if one never ends, and waits for that one',
    needs: ['draining'],
    async holds(scene) {
      const { handler, running, release } = held();
      let count = 0;
      const handlers: Handler = async (connection, context) => {
        context.draining.addEventListener('abort', () => (count += 1));
        await handler(connection, context);
      };
      const serving = await scene.serve(handlers, { grace: Infinity });
      for (let clients = 0; clients < 3; clients += 1) await serving.connect();
      await running(3);
      serving.stop();
      await until(() => count === 3);
      await scene.refuses(serving);
      assert.equal(await Promise.race([serving.over, turns(20)]), undefined, 'is over before');
      release();
      await scene.ended(serving);
    },
  },
  {
    number: 49,
    title: 'tells a handler that begins during the shutdown, and none that has ended',
    needs: ['draining', 'events'],
    async holds(scene) {
      const signals: AbortSignal[] = [];
      const begins: boolean[] = [];
      const serving = await scene.serve(async (connection, context) => {
        signals.push(context.draining);
        begins.push(context.draining.aborted);
        connection.end('hello');
      });
      const first = await serving.connect();
      await first.ending;
      await until(() => serving.stats().counts['completed'] === 1);
      serving.onAccept(() => serving.stop());
      const second = await serving.connect();
      assert.equal((await second.ending).text, 'hello');
      await scene.ended(serving);
      assert.deepEqual(begins, [false, true]);
      assert.deepEqual(
        signals.map(({ aborted }) => aborted),
        [false, true],
      );
    },
  },
];
